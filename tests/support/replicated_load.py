from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

import redis
from dramatiq.errors import ConnectionClosed
from redis.exceptions import RedisError

from tests.support.repeating_thread import repeating

EVERY = 0.005  # seconds
REPLICATED_WITHIN = 500  # milliseconds


class ReplicatedLoad:
    """Tasks, of which those are `kept` that the replica has: the others a fail-over may lose."""

    def __init__(self, client: redis.Redis, *, send: Callable[[str], object]) -> None:
        self._client = client
        self._send_task = send
        self.kept: set[str] = set()

    def running(self) -> AbstractContextManager[None]:
        return repeating(self._send, every=EVERY)

    def _send(self, number: int) -> None:
        with suppress(ConnectionClosed, RedisError):
            self._send_task(f"load-{number}")
            if self._client.wait(1, REPLICATED_WITHIN):
                self.kept.add(f"load-{number}")
