"""Where Postgres and Redis are, when the environment does not say."""

import json
import os
import socket
from urllib.parse import urlsplit

from pydantic import field_validator

from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.settings import VAR_DIRECTORY, Environment, Settings, load_settings
from internal.infrastructure.taskqueue.redis_url import require_usable_url as require_redis_url

# Written by a running `make run`, for whoever wants to attach to its services.
SERVICES_FILE = VAR_DIRECTORY / "services.json"


class _RedisSettings(Settings):
    """The settings, of which redis-py can use those that are for it."""

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
    """And of which the Postgres driver can use the one that is for it."""

    @field_validator("database_url")
    @classmethod
    def _postgres_takes_url(cls, value: str) -> str:
        # Only here: importing this takes half a second, and `worker ping` does without it.
        from internal.infrastructure.database.connect_arguments import require_usable_url  # noqa: PLC0415 - see above

        require_usable_url(value)
        return value


def locate_services() -> Settings:
    """Read the settings; in development, where they name no services, find some that run.

    Those of a running `make run` come first, then the compose file's on localhost. What was found is put
    into the environment, for the processes that this one starts.

    Raises:
        InvalidSettings: names every variable that cannot be used.
        NotReady: nothing runs.
    """
    return _locate(_ServiceSettings)


def locate_redis() -> str:
    """The URL of the Redis that `locate_services` finds, for who does not ask for Postgres.

    Raises:
        InvalidSettings, NotReady: as there, but for the parameters of DATABASE_URL.
    """
    return _locate(_RedisSettings).redis


def _locate(kind: type[Settings]) -> Settings:
    settings = load_settings(kind)
    if settings.app_env is not Environment.DEVELOPMENT or settings.names_services:
        return settings
    if SERVICES_FILE.exists():
        services = json.loads(SERVICES_FILE.read_text())
        if all(_is_reachable(url) for url in services.values()):
            os.environ.update(services)
            return load_settings(kind)
    if _is_reachable(settings.database_url) and _is_reachable(settings.redis):
        return settings
    raise NotReady(
        "DATABASE_URL, REDIS_URL and REDIS_ADDR are not set, and no services run here: start with `make run`"
    )


def publish_services(*, database_url: str, redis_url: str) -> None:
    """Let other processes find these services; only this user can read their passwords."""
    SERVICES_FILE.touch(mode=0o600)
    SERVICES_FILE.write_text(json.dumps({"DATABASE_URL": database_url, "REDIS_URL": redis_url}))


def withdraw_services() -> None:
    SERVICES_FILE.unlink(missing_ok=True)


def _is_reachable(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=1).close()
    except OSError:
        return False
    return True
