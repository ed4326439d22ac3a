"""The counts of workers, also when Redis is full."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import dramatiq
import pytest

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.histogram import LENGTH, SUCCEEDED, empty_row
from internal.infrastructure.taskqueue.worker import statistics
from internal.ports.task_statistics import OTHER_TASKS, Span, TaskFigures, TaskStatistics
from internal.ports.tasks import Permanent, RetryLater
from tests.support.full_redis import full
from tests.support.polling import eventually
from tests.support.taskqueue.engine import PREFIX, Engine
from tests.support.taskqueue.inspectors import inspector_on
from tests.support.taskqueue.workers import working

PERIODS = 3  # a minute, ten minutes and a day


@pytest.fixture
def counted(redis_url: str) -> Callable[[], TaskStatistics]:
    async def read() -> TaskStatistics:
        async with inspector_on(redis_url) as inspector:
            return await inspector.statistics(Span.DAY)

    return lambda: asyncio.run(read())


Counted = Callable[[], TaskStatistics]


def numbers(task: TaskFigures) -> tuple[str, int, int, int]:
    return task.name, task.figures.succeeded, task.figures.retried, task.figures.archived


def keys(engine: Engine) -> list[bytes]:
    found = engine.client.scan_iter(f"{PREFIX}:statistics:*", count=1000)
    return [key for key in found if b":batch:" not in key]


def test_a_worker_writes_the_rest_when_it_stops(broker: RedisBroker, counted: Counted) -> None:
    @dramatiq.actor(broker=broker, max_retries=1)
    def work(outcome: str) -> None:
        time.sleep(0.02)
        if outcome == "fail":
            raise ValueError
        if outcome == "give up":
            raise Permanent
        if outcome == "later":
            raise RetryLater(timedelta(hours=1))

    with working(broker) as worker:
        for outcome in ("end", "end", "fail", "give up", "later"):
            work.send(outcome)
        eventually(lambda: worker.broker.client.zcard(f"{PREFIX}:default:scheduled") == 1, within=5)
        eventually(lambda: broker.client.zcard(f"{PREFIX}:default:archived") == 1, within=5)

    [task] = counted().tasks
    assert numbers(task) == ("work", 2, 1, 1)
    assert task.figures.ran is not None
    assert timedelta(milliseconds=15) < task.figures.ran.longest < timedelta(seconds=2)


def test_a_worker_writes_with_its_heartbeat(broker: RedisBroker, counted: Counted) -> None:
    @dramatiq.actor(broker=broker)
    async def work() -> None:
        pass

    with working(broker):
        work.send()
        eventually(lambda: counted().total.succeeded == 1, within=5)
        work.send()
        eventually(lambda: counted().total.succeeded == 2, within=5)


def test_the_wait_begins_when_a_task_is_pending(broker: RedisBroker, counted: Counted) -> None:
    @dramatiq.actor(broker=broker)
    async def work() -> None:
        pass

    work.send()
    time.sleep(0.3)
    with working(broker):
        eventually(lambda: counted().total.succeeded == 1, within=5)

    waited = counted().total.waited
    assert waited is not None
    assert timedelta(milliseconds=300) <= waited.longest < timedelta(seconds=3)


def test_a_scheduled_task_has_not_waited_for_its_time(broker: RedisBroker, counted: Counted) -> None:
    @dramatiq.actor(broker=broker)
    async def work() -> None:
        pass

    with working(broker):
        work.send_with_options(delay=1500)
        eventually(lambda: counted().total.succeeded == 1, within=5)

    waited = counted().total.waited
    assert waited is not None
    assert waited.longest < timedelta(milliseconds=1400)


def test_unregistered_names_are_counted_together(
    broker: RedisBroker, engine: Engine, counted: Counted
) -> None:
    for number in range(5):
        message = dramatiq.Message[None]("default", f"surprise-{number}", (), {}, {})
        engine.call(scripts.SEND, ("default", str(number), scripts.text(message.encode())))
    engine.call(scripts.SEND, ("default", "unreadable", scripts.text(b"{")))
    broker.timing = broker.timing.adjusted(unknown_grace=0)

    with working(broker, weights={"default": 1}):
        eventually(lambda: engine.client.zcard(f"{PREFIX}:default:archived") == 6, within=10)

    assert [numbers(task) for task in counted().tasks] == [(OTHER_TASKS, 0, 0, 6)]


def test_names_beyond_the_limit_are_counted_together(
    broker: RedisBroker, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "MOST_NAMES", 2)
    actors = []
    for name in "abcd":

        @dramatiq.actor(broker=broker, actor_name=name)
        async def work() -> None:
            pass

        actors.append(work)

    with working(broker):
        for actor in actors:
            actor.send()
        eventually(lambda: counted().total.succeeded == 4, within=5)

    assert [numbers(task) for task in counted().tasks] == [
        (OTHER_TASKS, 2, 0, 0),
        ("a", 1, 0, 0),
        ("b", 1, 0, 0),
    ]


def test_a_repeated_batch_is_added_once(engine: Engine, counted: Counted) -> None:
    row = empty_row()
    row[SUCCEEDED] = 1

    added = [
        engine.call(scripts.ADD_STATISTICS, ("worker", batch, [("default", "work", row)]))
        for batch in (1, 1, 2)
    ]

    assert added == [1, 0, 1]
    assert counted().total.succeeded == 2


def test_statistics_expire(engine: Engine) -> None:
    engine.call(scripts.ADD_STATISTICS, ("worker", 1, [("default", "work", empty_row())]))

    hours = {round(int(engine.client.ttl(key)) / 3600) for key in keys(engine)}
    assert hours == {25, 8 * 24, 90 * 24}


def test_a_full_redis_drops_statistics_and_no_task(
    broker: RedisBroker, engine: Engine, redis_url: str, counted: Counted
) -> None:
    begun, ends = threading.Event(), threading.Event()

    @dramatiq.actor(broker=broker)
    def work() -> None:
        begun.set()
        ends.wait(10)

    with working(broker):
        work.send()
        eventually(begun.is_set, within=5)
        engine.call(scripts.ADD_STATISTICS, ("worker", 1, [("default", "work", empty_row())]))
        assert len(keys(engine)) == PERIODS
        with full(redis_url):
            ends.set()
            eventually(lambda: len(keys(engine)) < PERIODS, within=5)
            assert engine.client.zcard(f"{PREFIX}:workers") == 1
        assert engine.states() == {}
        work.send()
        eventually(lambda: counted().total.succeeded == 1, within=5)


def test_they_take_little_memory(engine: Engine) -> None:
    """At 50 task names, each with 100 tasks a second whose durations are in most buckets."""
    before = int(engine.client.info("memory")["used_memory"])

    for kind, minutes, kept in (("minute", 1, 1500), ("ten_minutes", 10, 1152), ("day", 1440, 90)):
        row = [6000 * minutes, 60, 6, 10**6, 10**6, *([250 * minutes] * 24 + [0] * 5) * 2]
        assert len(row) == LENGTH
        rows = [("default", f"application:task-{number:02}", row) for number in range(50)]
        engine.call(scripts.ADD_STATISTICS, (kind, 1, rows))
        written = next(key for key in keys(engine) if f":{kind}:" in key.decode())
        for number in range(kept):
            engine.client.copy(written.decode(), f"filled:{kind}:{number}")
        engine.client.delete(*keys(engine))
    taken = int(engine.client.info("memory")["used_memory"]) - before

    assert taken < 32 * 1024 * 1024


def test_the_finest_statistics_are_dropped_first(engine: Engine) -> None:
    engine.call(scripts.ADD_STATISTICS, ("worker", 1, [("default", "work", empty_row())]))

    left = []
    while engine.call(scripts.DROP_STATISTICS, []):
        left.append({key.split(b":")[2] for key in keys(engine)})

    assert left == [{b"ten_minutes", b"day"}, {b"day"}, set()]
