"""Whether a server is of a kind that the task queue works on."""

from collections.abc import Sequence

import redis.asyncio
from redis.exceptions import ResponseError

from internal.infrastructure.taskqueue.connections.connection import translated_outages
from internal.infrastructure.taskqueue.connections.error_reasons import NO_CLUSTER, why

_REFUSED = {
    b"cluster": NO_CLUSTER,
    b"sentinel": "REDIS_URL names a sentinel as if it were Redis: use redis+sentinel://",
}


async def unsupported_mode(client: redis.asyncio.Redis) -> str | None:
    """Why the task queue cannot work on this server; None if it can. Raises Unavailable."""
    with translated_outages():
        try:
            said = await client.execute_command("HELLO")
        except ResponseError as error:  # a cluster refuses to select a database, others may not know HELLO
            return NO_CLUSTER if why(error) == NO_CLUSTER else None
    answer = _pairs(said) if isinstance(said, Sequence) else said
    return _REFUSED.get(answer.get(b"mode", b""))


def _pairs(said: Sequence[bytes]) -> dict[bytes, bytes]:
    """In the older protocol, names and values in turn."""
    return dict(zip(said[::2], said[1::2], strict=True))
