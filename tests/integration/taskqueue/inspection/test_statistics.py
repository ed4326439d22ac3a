"""How often the statistics of a period are read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha1

import msgspec
import pytest

from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.histogram import SUCCEEDED, empty_row
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_statistics import Span
from tests.support.taskqueue.engine import PREFIX, Engine
from tests.support.taskqueue.inspectors import inspector_on

pytestmark = pytest.mark.anyio

DAY = 24 * 3600 * 1000  # milliseconds


def put(engine: Engine, day: int, succeeded: int) -> None:
    row = empty_row()
    row[SUCCEEDED] = succeeded
    rows = msgspec.msgpack.encode({"default": {"mail": row}})
    total = msgspec.msgpack.encode(row)
    engine.client.hset(f"{PREFIX}:statistics:day:{day}", items=["total", total, "rows", rows])


def days_since_1970() -> int:
    return (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days


async def succeeded_in(inspector: TaskInspector) -> Sequence[int]:
    """In the quarter, by the total, by the task name, yesterday and today."""
    found = await inspector.statistics(Span.QUARTER)
    [task] = found.tasks
    last_days = [period.figures.succeeded for period in found.periods[-2:]]
    return [found.total.succeeded, task.figures.succeeded, *last_days]


async def test_a_period_that_is_over_is_read_once(redis_url: str, engine: Engine) -> None:
    today = days_since_1970()
    put(engine, today - 1, 5)
    put(engine, today, 1)

    async with inspector_on(redis_url) as inspector:
        before = await succeeded_in(inspector)
        engine.client.delete(f"{PREFIX}:statistics:day:{today - 1}")
        put(engine, today, 2)
        after = await succeeded_in(inspector)

    if today == days_since_1970():
        assert before == [6, 6, 5, 1]
        assert after == [7, 7, 5, 2]


async def test_a_period_that_ends_is_read_again(
    redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = days_since_1970()
    put(engine, today - 1, 5)

    async with inspector_on(redis_url) as inspector:
        await succeeded_in(inspector)
        put(engine, today, 3)
        put(engine, today + 1, 4)
        pass_a_day(monkeypatch)
        after = await succeeded_in(inspector)

    if today == days_since_1970():
        assert after == [12, 12, 3, 4]


def pass_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the script that reads statistics."""
    source = scripts.STATISTICS.source.replace("local now = ", f"local now = {DAY} + ")
    monkeypatch.setitem(vars(scripts.STATISTICS), "source", source)
    monkeypatch.setitem(vars(scripts.STATISTICS), "sha", sha1(source.encode()).hexdigest())  # noqa: S324 - Redis'
