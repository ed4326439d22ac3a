"""An hour of statistics for the overview: mails began to fail twenty minutes ago."""

import time
from collections.abc import Mapping

import msgspec
import redis

from internal.infrastructure.taskqueue.protocol.histogram import LENGTH, Row, sum_of
from internal.ports.task_statistics import Figures
from tests.support.browser.backlog import QUEUE
from tests.support.taskqueue.counted import row_of
from tests.support.taskqueue.engine import PREFIX

_MINUTE = 60_000  # milliseconds
_FAILING = 20  # minutes


def remember_an_hour(redis_url: str) -> None:
    """The current minute is left to the worker, which may be writing it."""
    current = int(time.time() * 1000) // _MINUTE
    with redis.Redis.from_url(redis_url) as client:
        for ago in range(1, 60):
            rows = _rows(ago)
            total = [0] * LENGTH
            for row in rows.values():
                total = sum_of(total, row)
            packed = msgspec.msgpack.encode({QUEUE: rows}), msgspec.msgpack.encode(total)
            key = f"{PREFIX}:statistics:minute:{current - ago}"
            client.hset(key, items=["rows", packed[0], "total", packed[1]])
            client.expire(key, 24 * 3600)


def _rows(ago: int) -> Mapping[str, Row]:
    mails = 40 + 7 * (ago % 5) - ago // 3
    failed = mails // 3 if ago < _FAILING else 0
    wait = 0.02 if ago > _FAILING else 12 / ago
    return {
        "email:welcome": row_of(
            *[(wait, 0.04), (wait * 2, 0.3)] * 10,
            figures=Figures(succeeded=mails - failed, retried=failed - failed // 4, archived=failed // 4),
        ),
        "report:draft": row_of((wait, 1.2), (wait, 4.8), figures=Figures(succeeded=5 + ago % 3)),
    }
