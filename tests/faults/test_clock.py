"""Redis' clock was a day ahead and is corrected: no task waits for a time that it wrote."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import dramatiq
import pytest
from dramatiq import Retry
from dramatiq.middleware import CurrentMessage
from structlog.testing import capture_logs

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.ports.tasks import RetryLater
from tests.support.faults.clocked_redis import ClockedRedis, clocked_redis
from tests.support.faults.measurements import Row
from tests.support.faults.rounds import repeated
from tests.support.queue_contents import queued
from tests.support.schedulers import QUEUE, every, scheduler_on, scheduling, slot_of
from tests.support.taskqueue.engine import Engine, Hand, engine_on
from tests.support.taskqueue.workers import broker_on, working

pytestmark = pytest.mark.anyio

A_DAY = timedelta(days=1)
HOUR = 3_600_000  # milliseconds
PUT_OFF = timedelta(seconds=2)
ONE_IN_TWO_SECONDS = {"limit": "digest", "rate": 1, "per": 2000}
WITHIN = 30.0  # seconds; a minute is promised


@pytest.fixture
def clocked() -> Iterator[ClockedRedis]:
    with (
        TemporaryDirectory(prefix="pyhexaclean-") as directory,
        clocked_redis(Path(directory), ahead=A_DAY) as redis,
    ):
        yield redis


class Work:
    """Writes down what has started; `fails` and `later` are put off the first time."""

    def __init__(self, broker: RedisBroker) -> None:
        self.started: list[str] = []
        dramatiq.actor(actor_name="noop", broker=broker)(self._run)

    async def _run(self) -> None:
        message = CurrentMessage.get_current_message()
        assert message is not None
        task_id = message.message_id
        self.started.append(task_id)
        if self.started.count(task_id) > 1:
            return
        if task_id == "fails":
            raise Retry("again", delay=PUT_OFF // timedelta(milliseconds=1))
        if task_id == "later":
            raise RetryLater(PUT_OFF)

    async def until_started(self, **times: int) -> None:
        await until(lambda: all(self.started.count(task_id) >= count for task_id, count in times.items()))


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(WITHIN):
        while not holds():  # noqa: ASYNC110 - other threads and processes bring it about
            await anyio.sleep(0.05)


@asynccontextmanager
async def at_work(clocked: ClockedRedis, engine: Engine) -> AsyncIterator[Work]:
    """A worker, a scheduler whose slots nobody works, and a task of a worker that has died."""
    broker = broker_on(clocked.url)
    engine.publish("dead")
    Hand(engine).fetch()
    work = Work(broker)
    async with scheduling(scheduler_on(clocked.url, every("1s"))):
        with working(broker, weights={"default": 1}):
            yield work
    broker.close()


def slots_around(clocked: ClockedRedis, ahead: timedelta) -> int:
    """How many slots have come around the moment that Redis' clock shows when it is ahead by so much."""
    shown = datetime.now(UTC) + ahead
    slots = [slot_of(task.id) for task in queued(clocked.url, queues=(QUEUE,))]
    return sum(abs(slot - shown) < timedelta(minutes=1) for slot in slots)


@repeated
async def test_f40_a_clock_that_was_a_day_ahead_holds_nothing_up_once_it_is_right(
    clocked: ClockedRedis, row: Row
) -> None:
    with capture_logs() as logs, engine_on(clocked.url) as engine:
        async with at_work(clocked, engine) as work:
            engine.publish("fails", "later")
            engine.publish("first", "second", "third", terms=ONE_IN_TWO_SECONDS)
            engine.publish("on purpose", delay=HOUR)
            await work.until_started(fails=1, later=1, first=1)
            [due] = [task.due for task in queued(clocked.url) if task.id == "on purpose"]
            await until(lambda: slots_around(clocked, A_DAY) >= 2)

            clocked.set_ahead(timedelta(0))
            corrected = time.monotonic()
            await work.until_started(dead=1, fails=2, later=2, second=1, third=1)
            await until(lambda: slots_around(clocked, timedelta(0)) >= 2)
            row.note("all runs again after", time.monotonic() - corrected, limit=60)

    assert [task.due for task in queued(clocked.url) if task.id == "on purpose"] == [due]
    corrections = [line for line in logs if line["event"] == "redis.clock_corrected" and line["ahead"]]
    assert [round(line["ahead"] / A_DAY.total_seconds(), 2) for line in corrections] == [1]
    assert [line["entries"] for line in logs if line["event"] == "schedule.pulled_back"] == [["tick"]]
