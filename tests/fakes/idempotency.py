import asyncio
from datetime import datetime, timedelta

from internal.ports.clock import Clock
from internal.ports.idempotency import Busy, Claim, Done, UnknownIdempotencyKey


class FakeIdempotency:
    """`add` says which keys there are; only a stored task has one.

    With a `failure`, nothing is renewed or completed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._added: dict[str, datetime] = {}
        self._claimed_until: dict[str, datetime] = {}
        self.completed: set[str] = set()
        self.failure: Exception | None = None
        self.renewed = asyncio.Event()

    def add(self, key: str) -> None:
        self._added[key] = self._claimed_until[key] = self._clock.now()

    async def claim(self, key: str, lease: timedelta) -> Claim | Done | Busy:
        if key not in self._claimed_until:
            raise UnknownIdempotencyKey(key)
        if key in self.completed:
            return Done()
        remaining = self._claimed_until[key] - self._clock.now()
        if remaining > timedelta(0):
            return Busy(remaining)
        self._claimed_until[key] = self._clock.now() + lease
        return Claim(age=self._clock.now() - self._added[key])

    async def renew(self, key: str, lease: timedelta) -> None:
        if self.failure:
            raise self.failure
        if key in self._claimed_until:
            self._claimed_until[key] = self._clock.now() + lease
        self.renewed.set()

    async def complete(self, key: str) -> None:
        if self.failure:
            raise self.failure
        self.completed.add(key)
