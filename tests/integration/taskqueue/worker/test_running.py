"""Where a task runs, and that nothing it does ends the worker."""

import asyncio
import threading
import time
from contextvars import ContextVar
from typing import Any

import dramatiq
import pytest
from dramatiq import Broker, MessageProxy
from dramatiq.middleware import CurrentMessage, Middleware

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import working

request_id: ContextVar[str] = ContextVar("request_id", default="none")


class Blocks(Middleware):
    """Not known to be safe on the loop."""

    def after_process_message(self, *args: object, **kwargs: object) -> None:
        pass


class Unkillable(BaseException):
    """Like KeyboardInterrupt, which would end pytest."""


def test_coroutines_share_one_loop_and_take_no_thread(broker: RedisBroker) -> None:
    threads: set[int] = set()

    @dramatiq.actor(broker=broker)
    async def rest() -> None:
        threads.add(threading.get_ident())
        await asyncio.sleep(0.2)

    with working(broker, worker_threads=10) as worker:
        started = time.monotonic()
        for _ in range(10):
            rest.send()
        worker.join()

    assert len(threads) == 1
    assert time.monotonic() - started < 5 * 0.2


def test_blocking_tasks_run_side_by_side_in_threads(broker: RedisBroker) -> None:
    threads: set[int] = set()
    together = threading.Barrier(3)

    @dramatiq.actor(broker=broker)
    def meet() -> None:
        threads.add(threading.get_ident())
        together.wait(5)

    with working(broker, worker_threads=3) as worker:
        for _ in range(3):
            meet.send()
        worker.join()

    assert len(threads) == 3


def test_a_coroutine_runs_in_a_thread_if_a_middleware_may_block(broker: RedisBroker) -> None:
    hooks: list[str] = []
    runs: list[str] = []

    class Notes(Blocks):
        def after_process_message(self, *args: object, **kwargs: object) -> None:
            hooks.append(threading.current_thread().name)

    broker.add_middleware(Notes())

    @dramatiq.actor(broker=broker)
    async def note() -> None:
        runs.append(threading.current_thread().name)

    with working(broker) as worker:
        note.send()
        worker.join()

    assert hooks == ["dramatiq-worker"]
    assert runs != ["dramatiq-worker"]  # Dramatiq runs it on the loop for the thread that waits


def test_every_task_has_a_context_of_its_own(broker: RedisBroker) -> None:
    seen: list[tuple[str, str]] = []

    @dramatiq.actor(broker=broker)
    async def on_loop(value: str) -> None:
        before = request_id.get()
        request_id.set(value)
        await asyncio.sleep(0.01)
        seen.append((before, request_id.get()))

    @dramatiq.actor(broker=broker)
    def in_thread(value: str) -> None:
        before = request_id.get()
        request_id.set(value)
        seen.append((before, request_id.get()))

    with working(broker, worker_threads=1) as worker:
        for value in ("a", "b"):
            on_loop.send(value)
            in_thread.send(value)
        worker.join()

    assert sorted(seen) == [("none", "a"), ("none", "a"), ("none", "b"), ("none", "b")]


def test_a_task_knows_its_message_wherever_it_runs(broker: RedisBroker) -> None:
    seen: list[object] = []

    def note() -> None:
        message = CurrentMessage.get_current_message()
        seen.append(message and message.message_id)

    @dramatiq.actor(broker=broker)
    async def on_loop() -> None:
        note()

    @dramatiq.actor(broker=broker)
    def in_thread() -> None:
        note()

    with working(broker) as worker:
        sent = {on_loop.send().message_id, in_thread.send().message_id}
        worker.join()

    assert set(seen) == sent


@pytest.mark.parametrize("error", [SystemExit(1), Unkillable(), asyncio.CancelledError()], ids=repr)
@pytest.mark.parametrize("place", ["on the loop", "in a thread", "on the loop for a thread"])
def test_whatever_a_task_raises_is_a_failed_attempt_and_the_worker_goes_on(
    broker: RedisBroker, redis_url: str, error: BaseException, place: str
) -> None:
    done: list[bool] = []
    if place == "on the loop for a thread":
        broker.add_middleware(Blocks())

    if place == "in a thread":

        @dramatiq.actor(broker=broker)
        def fail() -> None:
            raise error

    else:

        @dramatiq.actor(broker=broker, actor_name="fail")
        async def fail_async() -> None:
            raise error

    @dramatiq.actor(broker=broker)
    async def succeed() -> None:
        done.append(True)

    with working(broker, worker_threads=1):
        broker.get_actor("fail").send()
        succeed.send()

        eventually(lambda: done == [True], within=5)
    assert [task.state for task in queued(redis_url)] == ["retry"]


def test_a_worker_goes_on_after_the_system_has_refused_it_threads(
    broker: RedisBroker, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []
    refusals = iter([True, True])
    start = threading.Thread.start

    def start_or_refuse(thread: threading.Thread) -> None:
        if thread.name == "dramatiq-worker" and next(refusals, False):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_or_refuse)

    @dramatiq.actor(broker=broker)
    def work(number: int) -> None:
        runs.append(number)

    for number in range(4):
        work.send(number)
    with working(broker, worker_threads=2):
        eventually(lambda: len(runs) == 4 and not queued(redis_url), within=20)

    assert sorted(runs) == [0, 1, 2, 3]


@pytest.mark.parametrize("is_late", [True, False])
def test_a_cancellation_that_a_handler_leaves_behind_reaches_nothing(
    broker: RedisBroker, redis_url: str, *, is_late: bool
) -> None:
    acked: list[str] = []

    class Acks(Middleware):
        loop_safe = True

        def after_ack(self, broker: Broker, message: MessageProxy) -> None:
            acked.append(message.message_id)

    broker.add_middleware(Acks())

    @dramatiq.actor(broker=broker)
    async def cancel_itself() -> None:
        own: Any = asyncio.current_task()
        if is_late:
            asyncio.get_running_loop().call_soon(own.cancel)
        else:
            own.cancel()

    with working(broker):
        message = cancel_itself.send()

        eventually(lambda: acked == [message.message_id], within=5)
    assert queued(redis_url) == []
