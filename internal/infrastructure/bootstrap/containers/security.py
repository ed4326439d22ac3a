from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dependency_injector import containers, providers

from internal.application.new_password import NewPassword
from internal.domain.password_policy import PasswordPolicy
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.security.derived_keys import DerivedKeys
from internal.infrastructure.security.hmac_link_tokens import HmacLinkTokens
from internal.infrastructure.security.hmac_refresh_tokens import HmacRefreshTokens
from internal.infrastructure.security.keyed_digest import KeyedDigest
from internal.infrastructure.security.plain_jwt import import_jwt
from internal.infrastructure.security.redis_or_process import RedisOrProcess
from internal.infrastructure.security.token_key import TokenKey, shared_key
from internal.ports.clock import Clock
from internal.ports.password_attempts import PasswordAttempts
from internal.ports.password_checker import PasswordChecker
from internal.ports.password_hasher import PasswordHasher
from internal.ports.rate_limiter import RateLimiter
from internal.ports.refresh_tokens import RefreshTokens
from internal.ports.token_issuer import TokenIssuer


def _password_hasher(settings: Settings) -> PasswordHasher:
    # Imported here, because only the server hashes passwords.
    from internal.infrastructure.security.argon2_password_hasher import Argon2PasswordHasher  # noqa: PLC0415 - see above

    return Argon2PasswordHasher(
        memory=settings.password_hash_memory,
        time=settings.password_hash_time,
        parallelism=settings.password_hash_parallelism,
        threads=settings.hashes_at_once,
    )


def _password_checkers(settings: Settings, clock: Clock) -> Sequence[PasswordChecker]:
    # Imported here, because only the server checks passwords. httpx takes 3 MB, and is not needed by default.
    from internal.infrastructure.security.zxcvbn_password_checker import ZxcvbnPasswordChecker  # noqa: PLC0415 - see above

    own = ZxcvbnPasswordChecker(clock=clock)
    if settings.password_breach_check_url is None:
        return [own]

    from internal.infrastructure.security.range_api_password_checker import RangeApiPasswordChecker  # noqa: PLC0415 - see above

    return [own, RangeApiPasswordChecker(url=settings.password_breach_check_url)]


def _token_keys(settings: Settings) -> tuple[TokenKey, ...]:
    """The keys that verify access tokens. The first one signs."""
    shared = [shared_key(secret) for secret in settings.jwt_secrets]
    if settings.token_algorithms == ("HS256",):
        return tuple(shared)
    # Imported here, because only EdDSA needs cryptography, which takes 8 MB.
    from internal.infrastructure.security.ed25519_key import ed25519_key  # noqa: PLC0415 - see above

    keys = {"HS256": shared, "EdDSA": [ed25519_key(key) for key in settings.jwt_private_keys]}
    return tuple(key for algorithm in settings.token_algorithms for key in keys[algorithm])


def _token_issuer(settings: Settings, clock: Clock, keys: tuple[TokenKey, ...]) -> TokenIssuer:
    if all(key.algorithm == "HS256" for key in keys):
        import_jwt()
    # Imported here, because only the server issues tokens and the library takes 3.5 MB.
    from internal.infrastructure.security.jwt_token_issuer import JwtTokenIssuer  # noqa: PLC0415 - see above

    return JwtTokenIssuer(
        keys=keys,
        issuer=settings.app_base_url,
        ttl=timedelta(seconds=settings.jwt_ttl),
        clock=clock,
    )


def _public_keys(keys: tuple[TokenKey, ...]) -> tuple[Mapping[str, str], ...]:
    return tuple(key.public for key in keys if key.public)


def _refresh_tokens(derived_keys: DerivedKeys) -> RefreshTokens:
    return HmacRefreshTokens(derived_keys.of("refresh-token"))


def _rate_limiter(settings: Settings, **arguments: Any) -> RateLimiter:
    # Imported here, because only the server limits rates.
    from internal.infrastructure.security.redis_rate_limiter import RedisRateLimiter  # noqa: PLC0415 - see above

    return RedisRateLimiter(quotas=settings.rate_limits, processes=settings.http_workers, **arguments)


def _password_attempts(settings: Settings, **arguments: Any) -> PasswordAttempts:
    # As above.
    from internal.infrastructure.security.redis_password_attempts import RedisPasswordAttempts  # noqa: PLC0415 - as above

    return RedisPasswordAttempts(policy=settings.lockout_policy, processes=settings.http_workers, **arguments)


def _subjects(keys: DerivedKeys) -> KeyedDigest:
    return KeyedDigest(keys.of("subjects of rate limits")[0])


class SecurityContainer(containers.DeclarativeContainer):
    """Passwords, tokens and rate limits."""

    settings = providers.Dependency(instance_of=Settings)
    clock: providers.Dependency[Clock] = providers.Dependency()
    taskqueue = providers.DependenciesContainer()

    password_hasher = providers.Singleton(_password_hasher, settings)
    password_policy = providers.Singleton(PasswordPolicy, min_length=settings.provided.password_min_length)
    password_checkers = providers.Singleton(_password_checkers, settings, clock)
    new_password = providers.Singleton(
        NewPassword,
        policy=password_policy,
        checkers=password_checkers,
        hasher=password_hasher,
        app_name=settings.provided.app_name,
    )
    derived_keys = providers.Singleton(DerivedKeys, settings.provided.jwt_secrets)
    refresh_tokens = providers.Singleton(_refresh_tokens, derived_keys)
    link_tokens = providers.Singleton(HmacLinkTokens, derived_keys)
    token_keys = providers.Singleton(_token_keys, settings)
    public_keys = providers.Singleton(_public_keys, token_keys)
    token_issuer = providers.Singleton(_token_issuer, settings, clock, token_keys)

    redis_or_process = providers.Singleton(RedisOrProcess)
    subjects = providers.Singleton(_subjects, derived_keys)
    rate_limiter = providers.Singleton(
        _rate_limiter,
        settings,
        client=taskqueue.redis,
        redis_or_process=redis_or_process,
        digest=subjects,
        namespace=taskqueue.namespace,
    )
    password_attempts = providers.Singleton(
        _password_attempts,
        settings,
        client=taskqueue.redis,
        redis_or_process=redis_or_process,
        digest=subjects,
        namespace=taskqueue.namespace,
    )
