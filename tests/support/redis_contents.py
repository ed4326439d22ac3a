"""Everything that a Redis holds, as bytes to search."""

from collections.abc import Callable, Mapping
from typing import Any

import redis

_READ: Mapping[bytes, Callable[[redis.Redis, bytes], Any]] = {
    b"string": redis.Redis.get,
    b"hash": redis.Redis.hgetall,
    b"list": lambda client, key: client.lrange(key, 0, -1),
    b"set": redis.Redis.smembers,
    b"zset": lambda client, key: client.zrange(key, 0, -1),
    b"stream": redis.Redis.xrange,
    # The key has just been deleted.
    b"none": lambda client, key: None,  # noqa: ARG005 - as the others
}


def contents(redis_url: str) -> str:
    """Keys and values as `repr` writes them. `DUMP` would compress them."""
    with redis.Redis.from_url(redis_url) as client:
        return repr([(key, _READ[client.type(key)](client, key)) for key in client.scan_iter()])
