import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import uvloop
from structlog.testing import capture_logs

from internal.infrastructure.taskqueue.scheduling.periodic import PeriodicTask
from internal.ports.tasks import TaskOptions
from tests.fakes.clock import FakeClock
from tests.support.queue_contents import queued
from tests.support.schedulers import (
    PREFIX,
    Tick,
    assert_complete,
    every,
    redis_time,
    scheduler_on,
    scheduling,
    until_published,
)
from tests.support.services import running_redis

pytestmark = pytest.mark.anyio

KIB = 1024
TENTH = timedelta(milliseconds=100)
MINUTE = timedelta(minutes=1)
MINUTELY = PeriodicTask(name="tick", spec="* * * * *", task=Tick(), catch_up=3 * MINUTE)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def has_run(client: redis.Redis, entry: PeriodicTask, last_slot: datetime) -> None:
    client.hset(
        f"{PREFIX}:schedule:{entry.name}",
        mapping={
            "spec": entry.spec,
            "time_zone": entry.time_zone,
            "last_slot": int(last_slot.timestamp() * 1000),
        },
    )


async def test_publishes_every_slot_in_order(redis_url: str) -> None:
    async with scheduling(scheduler_on(redis_url, every("100ms"))):
        slots = await until_published(redis_url, 8)

    assert_complete(slots, TENTH)


async def test_many_publish_each_slot_once(redis_url: str) -> None:
    with capture_logs() as logs:
        async with scheduling(*(scheduler_on(redis_url, every("100ms")) for _ in range(5))):
            slots = await until_published(redis_url, 8)

    assert_complete(slots, TENTH)
    said = [line["task_id"] for line in logs if line["event"] == "schedule.published"]
    assert len(said) == len(set(said))


async def test_a_task_is_published_with_its_payload_and_the_entrys_options(redis_url: str) -> None:
    options = TaskOptions(queue="critical", max_retries=3)
    entry = PeriodicTask(name="tick", spec="@every 100ms", task=Tick(note="x"), options=options)

    async with scheduling(scheduler_on(redis_url, entry)):
        await until_published(redis_url, 1)

    task = queued(redis_url)[0]
    assert (task.queue, task.state) == ("critical", "pending")
    assert (task.message.actor_name, task.message.kwargs) == ("test:tick", {"note": "x"})
    assert task.message.options["max_retries"] == 3


async def test_a_slot_at_which_an_equal_task_is_still_there_counts_as_done(
    redis_url: str, client: redis.Redis
) -> None:
    alone = TaskOptions(queue="low", unique_for=timedelta(hours=1))
    with capture_logs() as logs:
        async with scheduling(scheduler_on(redis_url, every("100ms", options=alone))):
            await until_published(redis_url, 1)
            await asyncio.sleep(0.5)

    [task] = queued(redis_url)
    assert [line["task_id"] for line in logs if line["event"] == "schedule.published"] == [task.id]
    assert client.llen(f"{PREFIX}:schedule:tick:history") == 1
    skipped = [line["other_id"] for line in logs if line["event"] == "schedule.skipped"]
    assert set(skipped) == {task.id}
    assert len(skipped) >= 3


async def test_the_clock_of_redis_decides_which_slots_are_due(redis_url: str, client: redis.Redis) -> None:
    wrong = FakeClock(datetime(2001, 1, 1, tzinfo=UTC))
    began = redis_time(client)

    async with scheduling(scheduler_on(redis_url, every("100ms"), clock=wrong)):
        slots = await until_published(redis_url, 3)

    assert began - TENTH < slots[0] <= slots[-1] <= redis_time(client)


async def test_a_new_entry_makes_up_for_nothing(redis_url: str) -> None:
    async with scheduling(scheduler_on(redis_url, MINUTELY, every("100ms", name="other"))):
        await until_published(redis_url, 3)

    runs = [task.id for task in queued(redis_url) if task.id.startswith("tick:")]
    assert len(runs) <= 1  # of a minute that began during the test


async def test_missed_slots_within_the_window_run_late_the_oldest_first(
    redis_url: str, client: redis.Redis
) -> None:
    now = redis_time(client)
    has_run(client, MINUTELY, now - 2.5 * MINUTE)

    async with scheduling(scheduler_on(redis_url, MINUTELY)):
        slots = await until_published(redis_url, 2)

    assert_complete(slots, MINUTE)
    assert now - 2.5 * MINUTE < slots[0] <= now - 1.5 * MINUTE
    assert queued(redis_url)[0].id == f"tick:{slots[0]:%Y-%m-%dT%H:%M:%S}Z"


async def test_slots_older_than_the_window_are_skipped_and_logged_once(
    redis_url: str, client: redis.Redis
) -> None:
    now = redis_time(client)
    has_run(client, MINUTELY, now - 60 * MINUTE)

    with capture_logs() as logs:
        async with scheduling(scheduler_on(redis_url, MINUTELY), scheduler_on(redis_url, MINUTELY)):
            slots = await until_published(redis_url, 3)

    assert_complete(slots, MINUTE)
    assert now - 3 * MINUTE <= slots[0] <= now - 2 * MINUTE + timedelta(seconds=5)
    assert [line["entry"] for line in logs if line["event"] == "schedule.missed"] == ["tick"]


async def test_more_late_slots_than_one_call_takes_all_run(redis_url: str, client: redis.Redis) -> None:
    entry = every("1s", catch_up=timedelta(hours=1))
    has_run(client, entry, redis_time(client) - timedelta(seconds=1200))

    async with scheduling(scheduler_on(redis_url, entry)):
        slots = await until_published(redis_url, 1200)

    assert_complete(slots, timedelta(seconds=1))


async def test_late_slots_of_a_large_task_go_in_several_calls(redis_url: str, client: redis.Redis) -> None:
    large = PeriodicTask(name="tick", spec="@every 1s", task=Tick(note="x" * 300 * KIB))
    has_run(client, large, redis_time(client) - timedelta(seconds=20))
    usual: Any = client.config_get("proto-max-bulk-len")
    client.config_set("proto-max-bulk-len", 2048 * KIB)

    try:
        async with scheduling(scheduler_on(redis_url, large)):
            slots = await until_published(redis_url, 20)
    finally:
        client.config_set("proto-max-bulk-len", usual["proto-max-bulk-len"])

    assert_complete(slots, timedelta(seconds=1))


async def test_sleeps_until_there_is_something_to_do(redis_url: str, client: redis.Redis) -> None:
    yearly = PeriodicTask(name="yearly", spec="0 0 29 2 *", task=Tick())

    async with scheduling(scheduler_on(redis_url, yearly)):
        await asyncio.sleep(0.3)
        before = commands(client)
        await asyncio.sleep(1)
        after = commands(client)

    assert after - before == 1  # the first of these two questions


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_makes_one_call_for_each_slot(
    redis_url: str, client: redis.Redis, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def schedule() -> list[datetime]:
        async with scheduling(scheduler_on(redis_url, every("100ms"))):
            return await until_published(redis_url, 8)

    client.config_resetstat()
    with asyncio.Runner(loop_factory=loop) as runner:
        slots = runner.run(schedule())

    calls: Any = client.info("commandstats")
    announced = 1
    assert calls["cmdstat_evalsha"]["calls"] <= announced + len(slots) + 1  # one more slot may have come


async def test_an_empty_schedule_asks_nothing(redis_url: str, client: redis.Redis) -> None:
    before = commands(client)
    await scheduler_on(redis_url).run()

    assert commands(client) - before == 1


def commands(client: redis.Redis) -> int:
    info: Any = client.info("stats")
    return int(info["total_commands_processed"])


async def test_redis_away_at_a_slot_runs_it_late(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server, capture_logs() as logs:
        async with scheduling(*(scheduler_on(server.url, every("100ms")) for _ in range(2))):
            await until_published(server.url, 3)
            server.stop()
            await asyncio.sleep(1)
            server.start()
            slots = await until_published(server.url, 20)

        assert_complete(slots, TENTH)
    events = [line["event"] for line in logs]
    assert events.count("schedule.unreachable") == 2
    assert "schedule.reachable" in events
    assert "schedule.missed" not in events


async def test_goes_on_where_the_last_process_ended(redis_url: str) -> None:
    async with scheduling(scheduler_on(redis_url, every("100ms"))):
        await until_published(redis_url, 2)
    await asyncio.sleep(0.5)

    async with scheduling(scheduler_on(redis_url, every("100ms"))):
        slots = await until_published(redis_url, 9)

    assert_complete(slots, TENTH)
