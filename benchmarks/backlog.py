"""Measure the cost of a task at a backlog of 1,000 and of 1,000,000 tasks.

`python -m benchmarks.backlog` has a worker and a Redis for each, and lets them work in turn; in between the
queue is paused and filled up again. The append-only file is off: its growth would be measured as well.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import redis

from benchmarks.engine import Engine
from benchmarks.processes import await_quiet, running
from benchmarks.report import Figure, Target, arguments, conclude, ratios
from benchmarks.services import running_services
from internal.infrastructure.embedded.redis import EmbeddedRedis
from internal.infrastructure.taskqueue.broker.broker import RedisBroker

ROUNDS = 15
SHALLOW, DEEP = 1_000, 1_000_000  # tasks behind those that are timed
TIMED = 5_000
LARGEST = 1.2  # times
EVERY = 0.002


class Lane:
    """A queue, its worker, and a backlog of tasks that is always behind the timed ones."""

    def __init__(self, url: str, *, depth: int) -> None:
        self._engine = Engine(url)
        self._broker = RedisBroker(url=url)
        self._depth = depth
        self._broker.pause("default")

    def microseconds(self) -> float:
        """For one of the TIMED tasks."""
        self._engine.publish(self._depth + TIMED - self._engine.remaining())
        before = self._engine.remaining()
        started = time.monotonic()
        self._broker.resume("default")
        while (left := self._engine.remaining()) > self._depth:
            time.sleep(EVERY)
        seconds = time.monotonic() - started
        self._broker.pause("default")
        return seconds / (before - left) * 1e6


@contextmanager
def lane(directory: Path, *, depth: int) -> Iterator[Lane]:
    directory.mkdir()
    valkey = EmbeddedRedis(directory, password=token_hex())
    try:
        os.environ["REDIS_URL"] = valkey.start()  # for the worker
        redis.Redis.from_url(valkey.url).config_set("appendonly", "no")
        made = Lane(valkey.url, depth=depth)
        with running(*Engine(valkey.url).commands(processes=1), log=directory / "log") as workers:
            await_quiet(workers)
            yield made
    finally:
        valkey.stop()


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, deep=DEEP)
    with running_services(), tempfile.TemporaryDirectory(prefix="pyhexaclean-") as name:
        directory = Path(name)
        with (
            lane(directory / "a", depth=SHALLOW) as shallow,
            lane(directory / "b", depth=options.deep) as deep,
        ):
            pairs = [(shallow.microseconds(), deep.microseconds()) for _ in range(options.rounds + 1)]
    shallows, deeps = zip(*pairs[1:], strict=True)  # the first is the warm-up
    conclude(
        [
            Figure(f"backlog of {SHALLOW:,}", shallows, "us/task"),
            Figure(f"backlog of {options.deep:,}", deeps, "us/task"),
            Figure("the long one : the short one", ratios(deeps, shallows), "times", Target(LARGEST)),
        ]
    )


if __name__ == "__main__":
    main()
