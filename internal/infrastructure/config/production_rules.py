"""The settings that only production refuses."""

from base64 import b64encode
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from internal.infrastructure.config.origins import EVERY_ORIGIN
from internal.infrastructure.config.private_key import parse_private_key
from internal.infrastructure.config.rate_limit_settings import parse_quota
from internal.infrastructure.config.service_url import PostgresUrl
from internal.infrastructure.config.setting_values import MIN_SECRET_BYTES, is_random
from internal.ports.password_attempts import MOST_FAILURES

DEVELOPMENT_SECRET = "development-only-secret-never-use-it-in-production"  # noqa: S105 - production refuses it
DEVELOPMENT_DATABASE_PASSWORD = "pyhexaclean"  # noqa: S105 - as above
# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes and one lane.
OWASP_MEMORY = 19 * 1024  # KiB
OWASP_TIME = 2
_MUST_BE_RANDOM = f"must be random, of at least {MIN_SECRET_BYTES} bytes: no pattern, sequence or placeholder"
_BELOW_THE_DEFAULT = "must not be below the default"


def production_problems(values: Mapping[str, Any], *, named: Collection[str]) -> dict[str, str]:
    """The problems by setting. `named` are the settings that the environment sets."""
    secret, previous_secret = values["jwt_secret"], values["jwt_previous_secret"]
    key, previous_key = values["jwt_private_key"], values["jwt_previous_private_key"]
    origins = values["cors_allowed_origins"]
    url, breach_list = values["database_url"], values["password_breach_check_url"]
    own_password = PostgresUrl.parse(url).password != DEVELOPMENT_DATABASE_PASSWORD and ":@" not in url
    encrypts_mail = urlsplit(values["mail_url"]).scheme in {"smtp+starttls", "smtps"}
    rules = {
        "jwt_secret": (_is_safe(secret), _MUST_BE_RANDOM),
        "jwt_previous_secret": (
            previous_secret is None or (_is_safe(previous_secret) and previous_secret != secret),
            f"{_MUST_BE_RANDOM}, and not JWT_SECRET itself",
        ),
        "jwt_private_key": (key is None or _is_random_key(key), "must be random"),
        "jwt_previous_private_key": (
            previous_key is None or (_is_random_key(previous_key) and previous_key != key),
            "must be random, and not JWT_PRIVATE_KEY itself",
        ),
        "database_url": (own_password, "must be given, without the development password or an empty one"),
        "redis_url": (not {"redis_url", "redis_addr"}.isdisjoint(named), "must be given (or REDIS_ADDR)"),
        "mail_url": (encrypts_mail, "must be smtp+starttls:// or smtps://"),
        "app_base_url": (urlsplit(values["app_base_url"]).scheme == "https", "must be an https:// URL"),
        "cors_allowed_origins": (origins.strip() != EVERY_ORIGIN, "must not be *"),
        "trusted_proxies": ("trusted_proxies" in named, "must be given: the reverse proxies, or none"),
        "password_breach_check_url": (
            breach_list is None or urlsplit(breach_list).scheme == "https",
            "must be an https:// URL",
        ),
        "rate_limit_login_failures": (
            parse_quota(values["rate_limit_login_failures"]).most <= MOST_FAILURES,
            f"must allow at most {MOST_FAILURES} failures",
        ),
        "password_hash_memory": (values["password_hash_memory"] >= OWASP_MEMORY, _BELOW_THE_DEFAULT),
        "password_hash_time": (values["password_hash_time"] >= OWASP_TIME, _BELOW_THE_DEFAULT),
    }
    return {name: problem for name, (holds, problem) in rules.items() if not holds}


def _is_safe(secret: str) -> bool:
    return secret != DEVELOPMENT_SECRET and is_random(secret)


def _is_random_key(key: str) -> bool:
    return is_random(b64encode(parse_private_key(key)).decode())
