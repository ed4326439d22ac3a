"""Where Postgres and Redis are, when the environment does not say."""

import json
import os
import socket
from urllib.parse import urlsplit

from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.settings import VAR_DIRECTORY, Environment, Settings, load_settings

# Written by a running `make run`, for whoever wants to attach to its services.
SERVICES_FILE = VAR_DIRECTORY / "services.json"


def locate_services() -> Settings:
    """Read the settings; in development, where they name no services, find some that run.

    Those of a running `make run` come first, then the compose file's on localhost. What was found is put
    into the environment, for the processes that this one starts.

    Raises:
        InvalidSettings: names every variable that cannot be used.
        NotReady: nothing runs.
    """
    settings = load_settings()
    if settings.app_env is not Environment.DEVELOPMENT or settings.names_services:
        return settings
    if SERVICES_FILE.exists():
        services = json.loads(SERVICES_FILE.read_text())
        if all(_is_reachable(url) for url in services.values()):
            os.environ.update(services)
            return load_settings()
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
