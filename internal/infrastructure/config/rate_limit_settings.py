"""The settings of rate limits, and of the proxies behind which the limited clients are."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic_settings import BaseSettings

from internal.infrastructure.config.setting_values import read_by
from internal.infrastructure.config.trusted_proxies import NO_PROXIES, parse_trusted_proxies
from internal.ports.password_attempts import MOST_FAILURES, LockoutPolicy
from internal.ports.rate_limiter import Limit, Quota

# Enough to see what happens. A user who is denied all day fills no table.
_RECORDED_DENIALS = Quota(10, timedelta(minutes=1))
# An export reads a lot, and nobody needs many.
_EXPORTS = Quota(10, timedelta(hours=1))
# More than anybody needs, and few enough security events.
_NAME_CHANGES = Quota(60, timedelta(hours=1))
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_QUOTA = re.compile(
    rf"(?P<most>[1-9][0-9]{{0,8}})/((?P<times>[1-9][0-9]{{0,2}}) )?(?P<unit>{'|'.join(_UNITS)})s?"
)


def parse_quota(value: str) -> Quota:
    """Read `20/minute` or `5/15 minutes`. Raises ValueError."""
    match = _QUOTA.fullmatch(value)
    if match is None:
        raise ValueError("must be a number from 1 and a time, such as 20/minute or 5/15 minutes")
    seconds = int(match["times"] or 1) * _UNITS[match["unit"]]
    return Quota(int(match["most"]), timedelta(seconds=seconds))


QuotaText = Annotated[str, read_by(parse_quota)]
TrustedProxies = Annotated[str, read_by(parse_trusted_proxies)]


class RateLimitSettings(BaseSettings):
    trusted_proxies: TrustedProxies = NO_PROXIES
    rate_limit_login_failures: QuotaText = "5/15 minutes"
    rate_limit_logins_per_client: QuotaText = "20/minute"
    rate_limit_logins: QuotaText = "6000/minute"
    rate_limit_sign_up_attempts_per_client: QuotaText = "20/minute"
    rate_limit_sign_ups_per_client: QuotaText = "5/hour"
    rate_limit_refreshes_per_client: QuotaText = "600/minute"
    rate_limit_mails_per_client: QuotaText = "20/hour"
    rate_limit_mails_per_account: QuotaText = "3/hour"
    rate_limit_dashboard_per_client: QuotaText = "1200/minute"

    @property
    def rate_limits(self) -> Mapping[Limit, Quota]:
        texts = {
            Limit.SIGN_UP_ATTEMPTS_PER_CLIENT: self.rate_limit_sign_up_attempts_per_client,
            Limit.SIGN_UPS_PER_CLIENT: self.rate_limit_sign_ups_per_client,
            Limit.LOG_INS_PER_CLIENT: self.rate_limit_logins_per_client,
            Limit.LOG_INS: self.rate_limit_logins,
            Limit.REFRESHES_PER_CLIENT: self.rate_limit_refreshes_per_client,
            Limit.MAILS_PER_CLIENT: self.rate_limit_mails_per_client,
            Limit.DASHBOARD_PER_CLIENT: self.rate_limit_dashboard_per_client,
            Limit.VERIFICATION_MAILS_PER_ACCOUNT: self.rate_limit_mails_per_account,
            Limit.RESET_MAILS_PER_ACCOUNT: self.rate_limit_mails_per_account,
            Limit.EMAIL_CHANGE_MAILS_PER_ACCOUNT: self.rate_limit_mails_per_account,
        }
        quotas = {limit: parse_quota(text) for limit, text in texts.items()}
        return {
            **quotas,
            Limit.RECORDED_DENIALS_PER_USER: _RECORDED_DENIALS,
            Limit.EXPORTS_PER_USER: _EXPORTS,
            Limit.NAME_CHANGES_PER_USER: _NAME_CHANGES,
        }

    @property
    def lockout_policy(self) -> LockoutPolicy:
        failures = parse_quota(self.rate_limit_login_failures)
        ceiling = max(failures.most, MOST_FAILURES)
        return LockoutPolicy(free=failures.most, window=failures.window, ceiling=ceiling)
