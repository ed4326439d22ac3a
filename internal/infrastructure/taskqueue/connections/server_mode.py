"""Checks the mode of a Redis server: the task queue does not support clusters."""

from collections.abc import Sequence

import redis.asyncio
from redis.exceptions import ResponseError

from internal.infrastructure.taskqueue.connections.connection import translated_outages
from internal.infrastructure.taskqueue.connections.redis_errors import NO_CLUSTER, why

_REFUSED = {
    b"cluster": NO_CLUSTER,
    b"sentinel": "REDIS_URL names a sentinel as if it were Redis: use redis+sentinel://",
}


async def unsupported_mode(client: redis.asyncio.Redis) -> str | None:
    """The reason why the task queue does not support this server, or None. Raises Unavailable."""
    with translated_outages():
        try:
            reply = await client.execute_command("HELLO")
        except ResponseError as error:
            # A cluster refuses to select a database. Other servers may not know HELLO.
            return NO_CLUSTER if why(error) == NO_CLUSTER else None
    fields = _pairs(reply) if isinstance(reply, Sequence) else reply
    return _REFUSED.get(fields.get(b"mode", b""))


def _pairs(reply: Sequence[bytes]) -> dict[bytes, bytes]:
    """RESP 2 returns names and values in turn."""
    return dict(zip(reply[::2], reply[1::2], strict=True))
