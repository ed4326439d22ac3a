from urllib.parse import parse_qs, urlsplit

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from internal.infrastructure.service_url import SentinelUrl

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


def require_usable_url(url: str) -> None:
    """Raise ValueError unless redis-py can connect to what `url` says; the text shows nothing of it."""
    if SentinelUrl.is_one(url):
        url = SentinelUrl.parse(url).redis_url
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
