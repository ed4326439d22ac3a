import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
import redis

from internal.domain.errors import NotFound
from internal.infrastructure.taskqueue.scheduling.periodic import PeriodicTask
from internal.infrastructure.taskqueue.scheduling.schedule_inspector import ScheduleInspector
from internal.infrastructure.taskqueue.scheduling.scheduler import SHOWN_FOR
from internal.ports.task_schedules import ScheduleNotFound
from internal.ports.task_snapshots import ScheduleInfo
from internal.ports.unavailable import Unavailable
from tests.support.queue_contents import queued
from tests.support.schedulers import (
    PREFIX,
    Tick,
    every,
    published,
    redis_time,
    schedule_inspector_on,
    scheduler_on,
    scheduling,
    until_published,
)

pytestmark = pytest.mark.anyio

DAILY = PeriodicTask(name="daily", spec="@daily", task=Tick(), time_zone="Asia/Kolkata")


@pytest.fixture
async def book(redis_url: str) -> AsyncIterator[ScheduleInspector]:
    book = schedule_inspector_on(redis_url, every("1h"), DAILY)
    yield book
    await book.close()


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


async def test_lists_by_name_what_workers_have_announced(
    book: ScheduleInspector, redis_url: str, client: redis.Redis
) -> None:
    async with scheduling(scheduler_on(redis_url, every("100ms"), DAILY)):
        slots = await until_published(redis_url, 2)

    daily, tick = await book.schedules()
    assert daily.next is not None
    assert daily == ScheduleInfo(
        name="daily",
        spec="@daily",
        time_zone="Asia/Kolkata",
        task_name="test:tick",
        queue="low",
        last=None,
        next=daily.next,
    )
    assert f"{daily.next:%H:%M}" == "18:30"  # midnight in Kolkata
    assert timedelta(0) < daily.next - redis_time(client) <= timedelta(days=1)
    assert (tick.name, tick.spec) == ("tick", "@every 100ms")
    assert tick.last is not None
    assert tick.last >= slots[-1]


async def test_an_entry_that_nobody_announces_any_more_is_not_listed_but_has_its_history(
    book: ScheduleInspector, redis_url: str, client: redis.Redis
) -> None:
    async with scheduling(scheduler_on(redis_url, every("100ms"))):
        await until_published(redis_url, 1)
    long_ago = redis_time(client) - SHOWN_FOR - timedelta(seconds=1)
    client.zadd(f"{PREFIX}:schedules", {"tick": int(long_ago.timestamp() * 1000)})

    assert await book.schedules() == []
    assert len(await book.schedule_history("tick")) >= 1


async def test_the_entry_of_a_newer_worker_is_listed_without_its_next_slot(
    book: ScheduleInspector, redis_url: str, client: redis.Redis
) -> None:
    async with scheduling(scheduler_on(redis_url, every("100ms"))):
        await until_published(redis_url, 1)
    client.hset(f"{PREFIX}:schedule:tick", "spec", "@fullmoon")

    [tick] = await book.schedules()

    assert (tick.spec, tick.next) == ("@fullmoon", None)


async def test_the_history_tells_the_last_runs_first(book: ScheduleInspector, redis_url: str) -> None:
    async with scheduling(scheduler_on(redis_url, every("100ms"))):
        await until_published(redis_url, 5)

    runs = await book.schedule_history("tick", size=1000)
    last_two = await book.schedule_history("tick", size=2)

    assert [run.task_id for run in runs] == [task.id for task in reversed(queued(redis_url))]
    assert last_two == runs[:2]
    for run in runs:
        assert timedelta(0) <= run.published_at - run.slot < timedelta(seconds=5)


async def test_an_entry_that_has_not_run_has_an_empty_history(
    book: ScheduleInspector, redis_url: str
) -> None:
    async with scheduling(scheduler_on(redis_url, DAILY, every("100ms"))):
        await until_published(redis_url, 1)

    assert await book.schedule_history("daily") == []


async def test_an_entry_that_nobody_knows_is_not_found(book: ScheduleInspector) -> None:
    with pytest.raises(NotFound):
        await book.schedule_history("nothing")


async def test_a_history_of_no_size_is_refused(book: ScheduleInspector) -> None:
    with pytest.raises(ValueError, match="size"):
        await book.schedule_history("tick", size=0)


async def test_says_that_redis_is_away(absent_port: int) -> None:
    book = schedule_inspector_on(f"redis://127.0.0.1:{absent_port}/0")

    with pytest.raises(Unavailable):
        await book.schedules()
    await book.close()


async def test_a_paused_schedule_publishes_nothing_and_makes_up_for_nothing(
    redis_url: str, book: ScheduleInspector
) -> None:
    tick = every("200ms")
    async with scheduling(scheduler_on(redis_url, tick), scheduler_on(redis_url, tick)):
        await until_published(redis_url, 2)
        await book.pause_schedule("tick")
        await asyncio.sleep(0.3)
        paused_with = len(published(redis_url))
        await asyncio.sleep(1)
        still = len(published(redis_url))
        await book.resume_schedule("tick")
        slots = await until_published(redis_url, still + 2)

    assert still == paused_with
    gaps = sorted(later - earlier for earlier, later in pairwise(slots))
    assert gaps[-1] > timedelta(seconds=1)


async def test_slots_that_no_worker_saw_while_paused_are_not_made_up_for(
    redis_url: str, book: ScheduleInspector
) -> None:
    tick = every("200ms")
    async with scheduling(scheduler_on(redis_url, tick)):
        await until_published(redis_url, 1)
        await book.pause_schedule("tick")
    await asyncio.sleep(1)
    before = len(published(redis_url))
    await book.resume_schedule("tick")
    async with scheduling(scheduler_on(redis_url, tick)):
        slots = await until_published(redis_url, before + 1)

    assert slots[before] - slots[before - 1] > timedelta(seconds=0.8)


async def test_a_run_by_hand_leaves_the_slots_as_they_are(redis_url: str, book: ScheduleInspector) -> None:
    async with scheduling(scheduler_on(redis_url, every("1h"))):
        await eventually_announced(book)
        before = (await book.schedules())[0].last
        task_id = await book.run_schedule("tick")
        after = (await book.schedules())[0].last

    assert before == after
    assert [task.id for task in queued(redis_url)] == [task_id]


async def test_a_schedule_that_no_worker_announces_does_not_run(book: ScheduleInspector) -> None:
    with pytest.raises(ScheduleNotFound):
        await book.run_schedule("tick")


async def eventually_announced(book: ScheduleInspector) -> None:
    async with asyncio.timeout(5):
        while not await book.schedules():  # noqa: ASYNC110 - another connection announces it
            await asyncio.sleep(0.02)
