from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from internal.ports.unavailable import Unavailable

EVERYBODY = "everybody"


class Limit(StrEnum):
    """Names of limits. The settings RATE_LIMIT_... say how many requests in how much time.

    The subject of a limit per client is `Caller.network`. That of a limit per account is the email address
    that was given, in its canonical form, whether or not it has an account.
    """

    SIGN_UP_ATTEMPTS_PER_CLIENT = "sign_up_attempts_per_client"
    """Valid or not: to check a password takes time."""
    SIGN_UPS_PER_CLIENT = "sign_ups_per_client"
    LOG_INS_PER_CLIENT = "log_ins_per_client"
    """And changes that ask a signed-in user for the password."""
    LOG_INS = "log_ins"
    """Of EVERYBODY together."""
    EXPORTS_PER_USER = "exports_per_user"
    RECORDED_DENIALS_PER_USER = "recorded_denials_per_user"
    """Security events about what a user may not do; the answer is the same without an event."""
    NAME_CHANGES_PER_USER = "name_changes_per_user"
    """Each is a security event, which is kept for long."""
    REFRESHES_PER_CLIENT = "refreshes_per_client"
    DASHBOARD_PER_CLIENT = "dashboard_per_client"
    """Pages and actions of the dashboard."""
    MAILS_PER_CLIENT = "mails_per_client"
    """Requests for an email: verification, reset and change of the address together."""
    VERIFICATION_MAILS_PER_ACCOUNT = "verification_mails_per_account"
    RESET_MAILS_PER_ACCOUNT = "reset_mails_per_account"
    EMAIL_CHANGE_MAILS_PER_ACCOUNT = "email_change_mails_per_account"
    """Its subject is the id of the user, because these emails go to other addresses."""


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `most` uses within `window` of the first one, then again."""

    most: int
    window: timedelta


Uses = Mapping[Limit, str]
"""The subject of each limit that a request uses."""


class RateLimiter(Protocol):
    """Counts requests, together with all other servers. If it cannot, each process has a part of a limit."""

    async def count(self, uses: Uses) -> None:
        """Count one use of each limit, in order. Subjects may be personal: they are not stored in clear.

        Raises:
            RateLimited: a limit is exhausted. Those after it are not counted.
        """
        ...

    async def give_back(self, uses: Uses) -> None:
        """Take one use of each limit back."""
        ...


@asynccontextmanager
async def counted(rate_limiter: RateLimiter, uses: Uses) -> AsyncGenerator[None]:
    """Count one use of each limit before the body. It does not count if the body raises Unavailable.

    So an outage of the service does not exhaust the limit of a client that tries again.

    Raises:
        RateLimited: as `RateLimiter.count`.
    """
    await rate_limiter.count(uses)
    try:
        yield
    except Unavailable:
        await rate_limiter.give_back(uses)
        raise
