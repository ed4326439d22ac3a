"""Interrupts of threads at any moment: the handler ends by them, and nothing that comes after it."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import dramatiq
import pytest
from dramatiq.middleware import Middleware, TimeLimitExceeded

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.broker.middleware import TimeLimit, default_middleware
from tests.support.faults.rounds import IS_LONG
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import broker_on, working

LIMIT = 10  # milliseconds
ROUNDS = 1000 if IS_LONG else 60


def busy(seconds: float) -> None:
    """Run bytecode for so long: an interrupt is raised between two of its steps."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


class Slow(Middleware):
    """Its hook after the handler takes longer than the time limit."""

    def after_process_message(self, *_: object, **__: object) -> None:
        busy(3 * LIMIT / 1000)


def limiting(redis_url: str, *others: Middleware) -> RedisBroker:
    """A broker that looks every millisecond whether a thread has run for too long."""
    middleware = [
        TimeLimit(interval=1) if isinstance(item, TimeLimit) else item for item in default_middleware()
    ]
    return broker_on(redis_url, middleware=[*middleware, *others])


@contextmanager
def working_by(engine: str, broker: RedisBroker) -> Iterator[None]:
    if engine == "ours":
        with working(broker):
            yield
        return
    worker = dramatiq.Worker(broker, worker_timeout=20, worker_threads=4)
    worker.start()
    try:
        yield
    finally:
        worker.stop(timeout=10_000)


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    broker = limiting(redis_url)
    yield broker
    broker.close()


@pytest.mark.parametrize("engine", ["ours", "dramatiq's"])
def test_a_failed_task_fails_also_if_its_time_is_up_while_that_is_decided(
    broker: RedisBroker, redis_url: str, engine: str
) -> None:
    def decide_slowly(*_: object) -> timedelta:
        busy(3 * LIMIT / 1000)
        return timedelta(hours=1)

    @dramatiq.actor(broker=broker, time_limit=LIMIT, retry_delay=decide_slowly)
    def fail() -> None:
        raise ValueError("no")

    for _ in range(20):
        fail.send()
    with working_by(engine, broker):
        eventually(lambda: [task.state for task in queued(redis_url)] == ["retry"] * 20, within=20)


@pytest.mark.parametrize("engine", ["ours", "dramatiq's"])
def test_a_task_is_done_although_its_time_is_up_in_a_hook_after_it(redis_url: str, engine: str) -> None:
    runs: list[bool] = []
    broker = limiting(redis_url, Slow())

    @dramatiq.actor(broker=broker, time_limit=LIMIT)
    def succeed() -> None:
        runs.append(True)

    for _ in range(10):
        succeed.send()
    with working_by(engine, broker):
        eventually(lambda: len(runs) == 10 and queued(redis_url) == [], within=20)
    broker.close()


# An interrupt may hit a finalizer, which Python then reports.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
# Between two of its own steps Dramatiq's worker thread can be hit, which ends it. No task is lost by that.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("engine", ["ours", "dramatiq's"])
def test_an_interrupt_at_any_moment_loses_no_failure_and_hits_no_neighbour(
    broker: RedisBroker, redis_url: str, engine: str
) -> None:
    """Half of the tasks end before their limit or behind it; the others have none to reach."""
    hit: list[str] = []
    ended: Counter[str] = Counter()
    moments = random.Random(7)  # noqa: S311 - not for secrets

    @dramatiq.actor(broker=broker, time_limit=LIMIT, retry_delay=lambda *_: timedelta(hours=1))
    def fail(seconds: float) -> None:
        busy(seconds)
        ended["fail"] += 1
        raise ValueError("no")

    @dramatiq.actor(broker=broker)
    def neighbour() -> None:
        try:
            busy(0.002)
        except BaseException as error:
            hit.append(type(error).__name__)
            raise

    for _ in range(ROUNDS):
        fail.send(moments.uniform(0.5, 2.5) * LIMIT / 1000)
        neighbour.send()
    with working_by(engine, broker):
        eventually(lambda: Counter(task.state for task in queued(redis_url)) == {"retry": ROUNDS}, within=110)

    assert hit == []
    assert 0 < ended["fail"] < ROUNDS  # some were hit before their end, some were not


def test_an_interrupt_that_the_task_swallows_counts_anyway(broker: RedisBroker, redis_url: str) -> None:
    @dramatiq.actor(broker=broker, time_limit=LIMIT)
    def insist() -> None:
        try:
            busy(10)
        except TimeLimitExceeded:
            return

    with working(broker):
        insist.send()

        eventually(lambda: [task.state for task in queued(redis_url)] == ["retry"], within=5)
