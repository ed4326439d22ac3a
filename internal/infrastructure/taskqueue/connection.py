from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from internal.ports.unavailable import Unavailable

TIMEOUT = 2  # seconds

# What a URL may set, beside ssl_...: the others are objects, or change what the answers look like.
_PARAMETERS = frozenset(
    {
        "client_name",
        "db",
        "health_check_interval",
        "max_connections",
        "password",
        "protocol",
        "retry_on_timeout",
        "socket_connect_timeout",
        "socket_keepalive",
        "socket_read_size",
        "socket_timeout",
        "username",
    }
)
_NUMBERS_BELOW = 2**31  # C's int, which sockets count in


def connect(url: str) -> Redis:
    """A client for small questions: every wait has a limit, and nothing is tried twice behind one's back."""
    return Redis.from_url(
        url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
    )


def require_usable_url(url: str) -> None:
    """Raise ValueError unless redis-py can connect to what `url` says; the text shows nothing of it."""
    names = parse_qs(urlsplit(url).query).keys() - _PARAMETERS
    if any(not name.startswith("ssl_") for name in names):
        raise ValueError(f"may have no parameters but {', '.join(sorted(_PARAMETERS))} and ssl_...")
    try:
        values = parse_url(url).values()
        ConnectionPool.from_url(url).make_connection()  # looks at every value, and does not connect
    except (RedisError, TypeError, ValueError) as error:
        raise ValueError("has a parameter that the Redis client does not take") from error
    if any(isinstance(value, int | float) and not 0 <= value < _NUMBERS_BELOW for value in values):
        raise ValueError("has a parameter whose number is out of range")


async def answers(redis: Redis) -> bool:
    """Raise Unavailable if Redis cannot be reached."""
    with translated_outages():
        return bool(await redis.ping())


@contextmanager
def translated_outages() -> Generator[None]:
    """Raise Unavailable for whatever goes wrong with Redis."""
    try:
        yield
    except RedisError as error:
        raise Unavailable("Redis cannot be reached") from error
