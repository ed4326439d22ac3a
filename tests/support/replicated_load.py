import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis
from dramatiq.errors import ConnectionClosed
from redis.exceptions import RedisError

EVERY = 0.005  # seconds
REPLICATED_WITHIN = 500  # milliseconds


class ReplicatedLoad:
    """Tasks, of which those are `kept` that the replica has: the others a fail-over may lose."""

    def __init__(self, client: redis.Redis, *, send: Callable[[str], object]) -> None:
        self._client = client
        self._send = send
        self._ended = threading.Event()
        self.kept: set[str] = set()

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _run(self) -> None:
        number = 0
        while not self._ended.wait(EVERY):
            number += 1
            try:
                self._send(f"load-{number}")
                if self._client.wait(1, REPLICATED_WITHIN):
                    self.kept.add(f"load-{number}")
            except (ConnectionClosed, RedisError):
                continue
