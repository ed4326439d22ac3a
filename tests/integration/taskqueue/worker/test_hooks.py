"""Middleware around a task: which hooks fire, in which order, and what may go wrong in them."""

import threading
from typing import Any

import dramatiq
import pytest
from dramatiq import Broker, MessageProxy
from dramatiq.middleware import Middleware, SkipMessage

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.retries import Retries
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import broker_on, working

SIGNALS = ("process_message", "skip_message", "ack", "nack")


class Recorder(Middleware):
    """Writes down which of its hooks was called, and what Redis had of the task by then."""

    loop_safe = True

    def __init__(self, name: str, calls: list[str]) -> None:
        self._name = name
        self._calls = calls

    def __getattribute__(self, attribute: str) -> Any:
        hook = super().__getattribute__(attribute)
        if not attribute.startswith(("before_", "after_")) or not attribute.endswith(SIGNALS):
            return hook

        def record(*_: object, **__: object) -> None:
            self._calls.append(f"{self._name}.{attribute}")

        return record

    # A broker calls only what a class has of its own.
    def before_process_message(self, *args: object, **kwargs: object) -> None: ...
    def after_process_message(self, *args: object, **kwargs: object) -> None: ...
    def after_skip_message(self, *args: object, **kwargs: object) -> None: ...
    def before_ack(self, *args: object, **kwargs: object) -> None: ...
    def after_ack(self, *args: object, **kwargs: object) -> None: ...
    def before_nack(self, *args: object, **kwargs: object) -> None: ...
    def after_nack(self, *args: object, **kwargs: object) -> None: ...


class Threaded(Middleware):
    """Not known to be safe on the loop."""

    def before_process_message(self, *args: object, **kwargs: object) -> None: ...


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture(params=["on the loop", "in a thread"])
def recorded(request: pytest.FixtureRequest, redis_url: str, calls: list[str]) -> RedisBroker:
    """A broker with two recorders, whose tasks run where the parameter says."""
    middleware: list[Middleware] = [Retries(), Recorder("outer", calls), Recorder("inner", calls)]
    if request.param == "in a thread":
        middleware.append(Threaded())
    return broker_on(redis_url, middleware=middleware)


def test_hooks_before_fire_in_order_and_hooks_after_in_reverse(
    recorded: RedisBroker, calls: list[str]
) -> None:
    @dramatiq.actor(broker=recorded)
    async def run() -> None:
        calls.append("run")

    with working(recorded) as worker:
        run.send()
        worker.join()

    assert calls == [
        "outer.before_process_message",
        "inner.before_process_message",
        "run",
        "inner.after_process_message",
        "outer.after_process_message",
        "outer.before_ack",
        "inner.before_ack",
        "inner.after_ack",
        "outer.after_ack",
    ]


def test_a_task_that_is_given_up_is_rejected(recorded: RedisBroker, calls: list[str]) -> None:
    @dramatiq.actor(broker=recorded, max_retries=0)
    async def fail() -> None:
        raise ConnectionError

    with working(recorded) as worker:
        fail.send()
        worker.join()

    assert [call for call in calls if call.endswith("ack")] == [
        "outer.before_nack",
        "inner.before_nack",
        "inner.after_nack",
        "outer.after_nack",
    ]


def test_a_task_that_will_be_tried_again_is_acknowledged(
    recorded: RedisBroker, redis_url: str, calls: list[str]
) -> None:
    @dramatiq.actor(broker=recorded)
    async def fail() -> None:
        raise ConnectionError

    with working(recorded):
        fail.send()
        eventually(lambda: "outer.after_ack" in calls, within=5)

    assert [task.state for task in queued(redis_url)] == ["retry"]


class Raises(Middleware):
    loop_safe = True

    def __init__(self, *hooks: str) -> None:
        self._hooks = hooks

    def _maybe(self, hook: str) -> None:
        if hook in self._hooks:
            raise ZeroDivisionError(hook)

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self._maybe("before_process_message")

    def after_process_message(self, *args: object, **kwargs: object) -> None:
        self._maybe("after_process_message")

    def before_ack(self, broker: Broker, message: MessageProxy) -> None:
        self._maybe("before_ack")

    def after_ack(self, broker: Broker, message: MessageProxy) -> None:
        self._maybe("after_ack")


@pytest.mark.parametrize(
    "hook", ["before_process_message", "after_process_message", "before_ack", "after_ack"]
)
def test_a_hook_that_raises_harms_neither_the_task_nor_the_worker(
    broker: RedisBroker, redis_url: str, hook: str
) -> None:
    runs: list[int] = []
    broker.add_middleware(Raises(hook))

    @dramatiq.actor(broker=broker)
    async def run(number: int) -> None:
        runs.append(number)

    with working(broker, worker_threads=1) as worker:
        run.send(1)
        run.send(2)
        worker.join()

    assert runs == [1, 2]
    assert queued(redis_url) == []


class Skips(Middleware):
    loop_safe = True

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        raise SkipMessage("not today")


def test_a_task_that_a_middleware_skips_is_done_unrun(
    recorded: RedisBroker, redis_url: str, calls: list[str]
) -> None:
    recorded.add_middleware(Skips())

    @dramatiq.actor(broker=recorded)
    async def run() -> None:
        calls.append("run")

    with working(recorded) as worker:
        run.send()
        worker.join()

    assert "run" not in calls
    assert [call for call in calls if call.startswith("inner.after")] == [
        "inner.after_skip_message",
        "inner.after_ack",
    ]
    assert queued(redis_url) == []


def test_a_task_that_is_too_old_is_archived_unrun(broker: RedisBroker, redis_url: str) -> None:
    runs: list[bool] = []

    @dramatiq.actor(broker=broker, max_age=1)
    async def run() -> None:
        runs.append(True)

    broker.enqueue(run.message().copy(message_timestamp=0))
    with working(broker):
        eventually(lambda: [task.state for task in queued(redis_url)] == ["archived"], within=5)

    assert runs == []


def test_the_boot_hooks_of_a_worker_and_its_threads_fire(redis_url: str) -> None:
    calls: list[str] = []

    class Boots(Middleware):
        def before_worker_boot(self, *_: object) -> None:
            calls.append("before_worker_boot")

        def after_worker_boot(self, *_: object) -> None:
            calls.append("after_worker_boot")

        def after_worker_thread_boot(self, *_: object) -> None:
            calls.append(f"thread {threading.current_thread().name}")

        def before_worker_shutdown(self, *_: object) -> None:
            calls.append("before_worker_shutdown")

        def after_worker_shutdown(self, *_: object) -> None:
            calls.append("after_worker_shutdown")

    broker = broker_on(redis_url, middleware=[Boots()])

    @dramatiq.actor(broker=broker)
    def run() -> None:
        calls.append("run")

    with working(broker) as worker:
        run.send()
        worker.join()

    assert calls == [
        "before_worker_boot",
        "after_worker_boot",
        "thread dramatiq-worker",
        "run",
        "before_worker_shutdown",
        "after_worker_shutdown",
    ]
