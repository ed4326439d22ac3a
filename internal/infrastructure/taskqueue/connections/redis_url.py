import re
from urllib.parse import parse_qs, urlsplit

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from internal.infrastructure.config.service_url import SentinelUrl

# Parameters that a URL may set, in addition to ssl_... Others are objects or change the replies.
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
# Sockets use the int of C.
_NUMBERS_BELOW = 2**31
_MAY_BE_ZERO = frozenset({"db", "health_check_interval"})
_DATABASE = re.compile("/?|/[0-9]+/?")


def require_usable_url(url: str) -> None:
    """Raise ValueError unless redis-py accepts `url`. The message does not contain any part of it."""
    if SentinelUrl.is_one(url):
        url = SentinelUrl.parse(url).redis_url
    parts = urlsplit(url)
    if parts.scheme != "unix" and not _DATABASE.fullmatch(parts.path):
        raise ValueError("must have a database number or nothing after the host")
    names = parse_qs(parts.query).keys() - _PARAMETERS
    if any(not name.startswith("ssl_") for name in names):
        raise ValueError(f"may only have the parameters {', '.join(sorted(_PARAMETERS))} and ssl_...")
    try:
        given = parse_url(url)
        # This validates every value without connecting.
        ConnectionPool.from_url(url).make_connection()
    except (RedisError, TypeError, ValueError) as error:
        raise ValueError("has a parameter that the Redis client does not accept") from error
    if not all(_is_in_range(name, value) for name, value in given.items()):
        raise ValueError("has a parameter whose number is out of range")
    name = str(given.get("client_name", ""))
    if " " in name or not name.isprintable():
        raise ValueError("has a client_name with a space or another character that Redis refuses")


def _is_in_range(name: str, value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return True
    return (value > 0 or (value == 0 and name in _MAY_BE_ZERO)) and value < _NUMBERS_BELOW
