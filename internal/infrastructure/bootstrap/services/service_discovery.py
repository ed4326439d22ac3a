"""Find Postgres and Redis if the environment does not name them."""

import json
import os
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

import structlog
from pydantic import field_validator

from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.services.service_addresses import postgres_at, redis_at
from internal.infrastructure.config.misspelled_names import misspelling
from internal.infrastructure.config.paths import VAR_DIRECTORY
from internal.infrastructure.config.settings import (
    Environment,
    Settings,
    load_settings,
    misspelt_settings,
)
from internal.infrastructure.taskqueue.connections.redis_url import require_usable_url as require_redis_url

# A running `make run` writes this file for programs that use its services.
SERVICES_FILE = VAR_DIRECTORY / "services.json"

log = structlog.get_logger(__name__)


_SERVICES = {"DATABASE_URL": postgres_at, "REDIS_URL": redis_at}
_REMEDY = "restart `make run`, delete the file, or set DATABASE_URL and REDIS_URL"


class _RedisSettings(Settings):
    """The settings. redis-py must accept those for Redis."""

    @field_validator("redis_addr")
    @classmethod
    def _redis_takes_address(cls, value: str) -> str:
        require_redis_url(f"redis://{value}/0")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_takes_url(cls, value: str | None) -> str | None:
        if value is not None:
            require_redis_url(value)
        return value


class _ServiceSettings(_RedisSettings):
    """The settings. redis-py and the Postgres driver must accept theirs."""

    @field_validator("database_url")
    @classmethod
    def _postgres_takes_url(cls, value: str) -> str:
        # Imported here, because it takes half a second and `worker ping` does not need it.
        from internal.infrastructure.database.connect_arguments import require_usable_url  # noqa: PLC0415 - see above

        require_usable_url(value)
        return value


def locate_services() -> Settings:
    """Read the settings. In development, find the services that they do not name.

    If SERVICES_FILE exists, only the services of `make run` count. Otherwise they are those of the compose
    file on localhost. Their URLs are put into the environment, for the processes that this one starts.

    Raises:
        InvalidSettings: names every invalid variable.
        NotReady: no services run, or SERVICES_FILE names services that do not answer.
    """
    return _locate(_ServiceSettings, needed=_SERVICES)


def locate_redis() -> str:
    """The URL of the Redis that `locate_services` would find, for callers that do not need Postgres.

    Raises:
        InvalidSettings, NotReady: as in `locate_services`, except for Postgres.
    """
    return _locate(_RedisSettings, needed=["REDIS_URL"]).redis


def announce_services(settings: Settings) -> None:
    """Log the addresses of the services, and warn of misspelled settings."""
    for name, meant in misspelt_settings().items():
        log.warning("settings.unknown_name", name=name, meant=meant)
    log.info("services.located", postgres=postgres_at(settings.database_url), redis=redis_at(settings.redis))


def _locate(kind: type[Settings], *, needed: Collection[str]) -> Settings:
    settings = load_settings(kind)
    missing = [name for name in needed if name not in settings.named_services]
    if settings.app_env is not Environment.DEVELOPMENT or not missing:
        return settings
    found = _published(missing) if SERVICES_FILE.exists() else _composed(settings, missing)
    os.environ.update(found)
    return load_settings(kind)


def _published(missing: Collection[str]) -> dict[str, str]:
    """The URLs of the services that `make run` has started."""
    try:
        services = json.loads(SERVICES_FILE.read_text())
        found = {name: str(services[name]) for name in missing}
        addresses = {name: _SERVICES[name](url) for name, url in found.items()}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise NotReady(f"{SERVICES_FILE} cannot be read: {_REMEDY}") from error
    for name, address in addresses.items():
        if not _is_reachable(found[name]):
            raise NotReady(f"{SERVICES_FILE} names {address}, which does not answer: {_REMEDY}")
    return found


def _composed(settings: Settings, missing: Collection[str]) -> dict[str, str]:
    """The URLs of the compose file on localhost. If one service is named, the other is not checked."""
    urls = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis}
    found = {name: urls[name] for name in missing}
    if not settings.named_services and not all(_is_reachable(url) for url in found.values()):
        hints = [f"; {misspelling(name, meant)}" for name, meant in misspelt_settings().items()]
        raise NotReady(
            "DATABASE_URL, REDIS_URL and REDIS_ADDR are not set, and no services run here: "
            f"start with `make run`{''.join(hints)}"
        )
    return found


def publish_services(*, database_url: str, redis_url: str) -> None:
    """Let other processes find these services. Only this user can read the passwords."""
    unfinished = SERVICES_FILE.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps({"DATABASE_URL": database_url, "REDIS_URL": redis_url}))
    unfinished.replace(SERVICES_FILE)  # atomic: readers see a complete file


def withdraw_services() -> None:
    SERVICES_FILE.unlink(missing_ok=True)


def _is_reachable(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=1).close()
    except OSError:
        return False
    return True
