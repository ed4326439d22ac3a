import os
import re

from internal.infrastructure.config.paths import DOTENV
from internal.infrastructure.taskqueue.connections.redis_url import require_usable_url

_URL = re.compile(r"(rediss?(\+sentinel)?|unix)://\S+")
_ADDRESS = re.compile(r"[A-Za-z0-9._-]+:[0-9]{1,5}")


def redis_url_from_environment() -> str | None:
    """The Redis that the environment names, or None if only the settings can tell.

    `worker ping` is a health check that runs all the time, and reading all settings takes most of its CPU.
    """
    url, address = os.environ.get("REDIS_URL", ""), os.environ.get("REDIS_ADDR", "")
    if not url and _ADDRESS.fullmatch(address) and not DOTENV.exists():  # the file may have a REDIS_URL
        url = f"redis://{address}/0"
    if not _URL.fullmatch(url):
        return None
    try:
        require_usable_url(url)
    except ValueError:
        return None
    return url
