"""Stock Dramatiq and Huey as in their documentation: default options, their own command."""

import sys
from types import ModuleType

import redis

from benchmarks.contender import SLOTS
from benchmarks.tasks import PAYLOAD


class Stock:
    """Stock Dramatiq on its Redis broker. `module` has its broker and actors."""

    def __init__(self, module: ModuleType, *, name: str, client: redis.Redis) -> None:
        self.name = name
        self._module = module
        self._client = client

    def commands(self, *, processes: int) -> list[list[str]]:
        options = ["--processes", str(processes), "--threads", str(SLOTS)]
        return [[sys.executable, "-m", "dramatiq", *options, f"{self._module.__name__}:broker"]]

    def publish(self, count: int) -> None:
        for _ in range(count):
            self._module.noop.send(**PAYLOAD)

    def mark(self, label: str) -> None:
        self._module.mark.send(label)

    def remaining(self) -> int:
        return int(self._client.hlen("dramatiq:default.msgs"))


class Huey:
    """Each worker process is a separate consumer, because a consumer has either threads or processes."""

    name = "Huey"

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def commands(self, *, processes: int) -> list[list[str]]:
        options = ["--quiet", "--worker-type", "thread", "--workers", str(SLOTS)]
        consumer = [sys.executable, "-m", "huey.bin.huey_consumer", *options]
        return [[*consumer, f"{self._module.__name__}.huey"]] * processes

    def publish(self, count: int) -> None:
        for _ in range(count):
            self._module.noop(**PAYLOAD)

    def mark(self, label: str) -> None:
        self._module.mark(label)

    def remaining(self) -> int:
        return len(self._module.huey)
