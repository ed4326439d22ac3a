from collections.abc import Generator
from contextlib import contextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from internal.ports.unavailable import Unavailable

TIMEOUT = 2  # seconds


def connect(url: str) -> Redis:
    """A client for small questions: every wait has a limit, and nothing is tried twice behind one's back."""
    return Redis.from_url(
        url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
    )


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
