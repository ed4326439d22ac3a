from collections.abc import Iterator
from contextlib import contextmanager

import redis


@contextmanager
def full(redis_url: str) -> Iterator[None]:
    """Leave Redis no memory for new data in this context."""
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory", 1)
        try:
            yield
        finally:
            client.config_set("maxmemory", 0)
