"""What the pages of the dashboard read: tasks, failures and statistics."""

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.engine import Engine
from benchmarks.processes import START_WITHIN, running
from benchmarks.tasks import Fail
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.histogram import BUCKETS, Row, sum_of
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag

NAMES = 50
FAILED_WITHIN = 120.0  # seconds
_HOUR = 60  # minutes
_MINUTE = 60_000  # milliseconds


def fail_tasks(engine: Engine, count: int, *, log: Path) -> None:
    """A worker lets this many tasks fail, and ends. Raises TimeoutError."""
    failures = [Fail(cause=number) for number in range(count)]
    for first in range(0, count, scripts.MOST_AT_ONCE):
        engine.publish_all(failures[first : first + scripts.MOST_AT_ONCE])
    deadline = time.monotonic() + START_WITHIN + FAILED_WITHIN
    with running(*engine.commands(processes=1), log=log):
        while engine.client.zcard(f"{hash_tag(NAMESPACE)}:default:retry") < count:
            if time.monotonic() > deadline:
                raise TimeoutError("the tasks do not fail")
            time.sleep(0.2)


def fill_hour(engine: Engine) -> None:
    """The statistics of the minutes that are over, with most buckets in use."""
    rows = {"default": {name: row for _, name, row in counted(100)}}
    total = next(iter(rows["default"].values()))
    for row in list(rows["default"].values())[1:]:
        total = sum_of(total, row)
    fields: list[str | bytes] = ["rows", msgspec.msgpack.encode(rows), "total", msgspec.msgpack.encode(total)]
    current = int(time.time() * 1000) // _MINUTE
    for ago in range(1, _HOUR + 1):
        engine.client.hset(f"{hash_tag(NAMESPACE)}:statistics:minute:{current - ago}", items=fields)


def counted(number: int) -> Sequence[tuple[str, str, Row]]:
    """The rows of this many tasks of each name, as a worker writes them."""
    buckets = [number] * (BUCKETS - 5) + [0] * 5
    row = [number * 60, number, number // 10, 1_000_000, 1_000_000, *buckets, *buckets]
    return [("default", f"application:task-{name:02}", row) for name in range(NAMES)]


def count_attempts(engine: Engine, batch: int) -> None:
    request = ("benchmark", batch, counted(batch % 7 + 1))
    scripts.ADD_STATISTICS.call_blocking(engine.client, hash_tag(NAMESPACE), request)
