"""Stamps that are later than now: Redis' clock was ahead when they were made, and was corrected."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import dramatiq
import pytest
from dramatiq.middleware import CurrentMessage
from structlog.testing import capture_logs

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.ports.tasks import TaskState
from tests.support.schedulers import every, published, scheduler_on, scheduling, until_published
from tests.support.taskqueue.engine import PREFIX, Engine, Hand, engine_on
from tests.support.taskqueue.inspectors import inspector_on
from tests.support.taskqueue.workers import working

pytestmark = pytest.mark.anyio

WITHIN = 10.0  # seconds
DAY = 24 * 3_600_000  # milliseconds


@pytest.fixture
def engine(redis_url: str) -> Iterator[Engine]:
    with engine_on(redis_url) as engine:
        yield engine


@pytest.fixture
def started(broker: RedisBroker) -> list[str]:
    started: list[str] = []

    @dramatiq.actor(actor_name="noop", broker=broker)
    async def run() -> None:
        message = CurrentMessage.get_current_message()
        assert message is not None
        started.append(message.message_id)

    return started


def now() -> int:
    return round(time.time() * 1000)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():  # noqa: ASYNC110 - other threads bring it about
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("field", ["last_slot", "since"])
async def test_a_schedule_goes_on_although_its_last_slot_is_a_day_ahead(
    redis_url: str, engine: Engine, field: str
) -> None:
    entry = every("100ms")
    known: dict[Any, Any] = {"spec": entry.spec, "time_zone": entry.time_zone, field: now() + DAY}
    engine.client.hset(f"{PREFIX}:schedule:tick", mapping=known)

    with capture_logs() as logs:
        async with scheduling(scheduler_on(redis_url, entry), scheduler_on(redis_url, entry)):
            slots = await until_published(redis_url, 3)

    assert abs(slots[0].timestamp() * 1000 - now()) < 60_000
    assert [line["entries"] for line in logs if line["event"] == "schedule.pulled_back"] == [["tick"]]


async def test_a_small_step_back_runs_no_slot_twice(redis_url: str, engine: Engine) -> None:
    entry = every("1s")
    known: dict[Any, Any] = {"spec": entry.spec, "time_zone": entry.time_zone, "last_slot": now() + 20_000}
    engine.client.hset(f"{PREFIX}:schedule:tick", mapping=known)

    async with scheduling(scheduler_on(redis_url, entry)):
        await asyncio.sleep(1.5)

    assert published(redis_url) == []


async def test_the_task_of_a_dead_worker_runs_again_although_its_lease_ends_in_a_day(
    broker: RedisBroker, engine: Engine, started: list[str]
) -> None:
    engine.publish("dead")
    Hand(engine).fetch()
    engine.client.zadd(f"{PREFIX}:default:active", {"dead": now() + DAY})

    with capture_logs() as logs, working(broker):
        await until(lambda: started == ["dead"])

    assert [line["leases"] for line in logs if line["event"] == "redis.clock_corrected"] == [1]


async def test_a_dead_worker_is_gone_although_it_was_heard_in_a_day(
    broker: RedisBroker, engine: Engine, redis_url: str
) -> None:
    card: dict[Any, Any] = {"heard": now() + DAY, "host": "gone", "pid": 1, "concurrency": 1}
    card |= {"queues": '{"low":1}', "strict": 0, "draining": 0}
    engine.client.hset(f"{PREFIX}:worker:gone", mapping=card)
    engine.client.zadd(f"{PREFIX}:workers", {"gone": now() + DAY})

    async with inspector_on(redis_url) as inspector:
        before = await inspector.workers()
        with working(broker):
            await until(lambda: engine.client.zscore(f"{PREFIX}:workers", "gone") is None)

    assert before == []
    assert not engine.client.exists(f"{PREFIX}:worker:gone")


async def test_a_rate_goes_on_although_its_starts_are_a_day_ahead(
    broker: RedisBroker, engine: Engine, started: list[str]
) -> None:
    terms = {"limit": "digest", "rate": 1, "per": 500}
    engine.client.zadd(f"{PREFIX}:limit:digest:starts", {"default:before 1": now() + DAY})
    engine.publish("first", "second", terms=terms)

    with working(broker, weights={"default": 1}):
        await until(lambda: started == ["first", "second"])


def test_a_place_of_a_rate_counts_as_taken_for_no_longer_than_its_window(engine: Engine) -> None:
    terms = {"limit": "tenant", "rate": 1, "per": 100}
    busy, idle = Hand(engine, {"critical": 1}), Hand(engine, {"low": 1})
    engine.publish("first", "waits", queue="critical", terms=terms)
    engine.publish("other", queue="low", terms=terms)
    busy.fetch(2)
    idle.fetch()

    engine.client.set(f"{PREFIX}:limit:tenant:taken", 1, px=DAY)
    time.sleep(0.15)
    engine.make_due("other", state="scheduled", queue="low")

    assert [delivery.task_id for delivery in idle.fetch()] == ["other"]


def test_a_lock_lasts_no_longer_than_it_was_asked_for(engine: Engine) -> None:
    terms = {"lock": "digest", "lock_for": 60_000}
    engine.publish("first", terms=terms)
    engine.client.pexpire(f"{PREFIX}:default:unique:digest", DAY)

    [[_, was_there, holder]] = engine.publish("second", terms=terms)

    left: Any = engine.client.pttl(f"{PREFIX}:default:unique:digest")
    assert (was_there, holder) == (1, b"first")
    assert 0 < left <= 60_000


async def test_a_task_that_waits_on_purpose_goes_on_waiting(
    broker: RedisBroker, engine: Engine, started: list[str], redis_url: str
) -> None:
    engine.publish("scheduled", delay=DAY)
    engine.publish("retry")
    hand = Hand(engine)
    [delivery] = hand.fetch()
    hand.settle(delivery, Outcome(Kind.RETRY, DAY))
    engine.client.set(f"{PREFIX}:clock", now() + DAY)
    engine.publish("soon")

    with capture_logs() as logs, working(broker):
        await until(lambda: started == ["soon"])
        await until(lambda: any(line["event"] == "redis.clock_corrected" for line in logs))

    async with inspector_on(redis_url) as inspector:
        states = [(await inspector.task("default", task_id)).state for task_id in ("scheduled", "retry")]
    assert states == [TaskState.SCHEDULED, TaskState.RETRY]
