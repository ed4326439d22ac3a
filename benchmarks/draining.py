"""Measure how fast a worker drains a backlog of no-op tasks, and its cost."""

import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import redis

from benchmarks.contender import Contender
from benchmarks.processes import Workers, await_quiet, running

WARM_SHARE = 0.25  # share of the backlog that warms the workers up before the measurement
WARM_SECONDS = 2.0  # or this time
LONGEST = 5.0  # seconds of measurement, if the backlog lasts
EVERY = 0.01


@dataclass(frozen=True, slots=True)
class Drained:
    rate: float  # tasks a second
    cpu: float  # microseconds of the workers for a task


@dataclass(frozen=True, slots=True)
class _Reading:
    at: float
    remaining: int
    cpu: float


class Backlog:
    """A contender's tasks, published once and copied for each round: publishing takes stock ten seconds."""

    def __init__(self, contender: Contender, url: str, *, tasks: int, database: int) -> None:
        self.contender = contender
        self.tasks = tasks
        self._client = redis.Redis.from_url(url)
        self._saved = redis.Redis.from_url(urlsplit(url)._replace(path=f"/{database}").geturl())
        self.clear()
        contender.publish(tasks)
        self._keys = self._client.keys()
        _copy_all(self._keys, self._client, database)
        self.clear()

    def clear(self) -> None:
        self._client.flushdb()

    def restore(self) -> None:
        """Push all of them in one step, because the workers are waiting."""
        _copy_all(self._keys, self._saved, 0)


def drain(backlog: Backlog, *, processes: int, log: Path) -> Drained:
    """Give warm workers the backlog, and measure until it is empty or LONGEST is over."""
    backlog.clear()
    with running(*backlog.contender.commands(processes=processes), log=log) as workers:
        await_quiet(workers)
        backlog.restore()
        _await_warm(backlog)
        begin = _read(backlog, workers)
        while backlog.contender.remaining() and time.monotonic() < begin.at + LONGEST:
            time.sleep(EVERY)
        end = _read(backlog, workers)
    done = begin.remaining - end.remaining
    return Drained(rate=done / (end.at - begin.at), cpu=(end.cpu - begin.cpu) / done * 1e6)


def _await_warm(backlog: Backlog) -> None:
    deadline = time.monotonic() + WARM_SECONDS
    while time.monotonic() < deadline and backlog.contender.remaining() > backlog.tasks * (1 - WARM_SHARE):
        time.sleep(EVERY)


def _read(backlog: Backlog, workers: Workers) -> _Reading:
    return _Reading(at=time.monotonic(), remaining=backlog.contender.remaining(), cpu=workers.cpu)


def _copy_all(keys: list[bytes] | list[str] | list[bytes | str], source: redis.Redis, database: int) -> None:
    with source.pipeline() as pipeline:
        for key in keys:
            command = ("COPY", key, key, "DB", database, "REPLACE")
            pipeline.execute_command(*command)
        pipeline.execute()
