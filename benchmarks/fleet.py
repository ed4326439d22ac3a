"""A worker of this engine on an empty Redis, ready to be measured."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from benchmarks import notes
from benchmarks.engine import Engine
from benchmarks.processes import Workers, await_quiet, running
from benchmarks.services import Services


def start_afresh() -> None:
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
    notes.clear()


@contextmanager
def working(engine: Engine, services: Services, *, processes: int = 1) -> Iterator[Workers]:
    """Yield started workers, idle or with the tasks that were published before."""
    with running(*engine.commands(processes=processes), log=services.directory / "worker.log") as workers:
        await_quiet(workers)
        yield workers
