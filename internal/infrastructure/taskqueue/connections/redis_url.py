import re
from urllib.parse import parse_qs, urlsplit

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from internal.infrastructure.config.service_url import SentinelUrl

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
_MAY_BE_ZERO = frozenset({"db", "health_check_interval"})
_DATABASE = re.compile("/?|/[0-9]+/?")


def require_usable_url(url: str) -> None:
    """Raise ValueError unless redis-py can connect to what `url` says; the text shows nothing of it."""
    if SentinelUrl.is_one(url):
        url = SentinelUrl.parse(url).redis_url
    parts = urlsplit(url)
    if parts.scheme != "unix" and not _DATABASE.fullmatch(parts.path):
        raise ValueError("must have the number of a database after the host, or nothing")
    names = parse_qs(parts.query).keys() - _PARAMETERS
    if any(not name.startswith("ssl_") for name in names):
        raise ValueError(f"may have no parameters but {', '.join(sorted(_PARAMETERS))} and ssl_...")
    try:
        given = parse_url(url)
        ConnectionPool.from_url(url).make_connection()  # looks at every value, and does not connect
    except (RedisError, TypeError, ValueError) as error:
        raise ValueError("has a parameter that the Redis client does not take") from error
    if not all(_is_in_range(name, value) for name, value in given.items()):
        raise ValueError("has a parameter whose number is out of range")
    name = str(given.get("client_name", ""))
    if " " in name or not name.isprintable():
        raise ValueError("has a client_name with a space or another character that Redis refuses")


def _is_in_range(name: str, value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return True
    return (value > 0 or (value == 0 and name in _MAY_BE_ZERO)) and value < _NUMBERS_BELOW
