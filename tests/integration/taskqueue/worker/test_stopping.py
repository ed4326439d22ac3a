"""How a worker ends, pauses and goes on: nothing that it leaves behind stays active."""

import asyncio
import gc
import os
import signal
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import dramatiq
import pytest
from dramatiq import Broker
from dramatiq.middleware import Middleware

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.worker.worker import Worker
from tests.support.polling import eventually
from tests.support.proxy import Proxy
from tests.support.queue_contents import queued
from tests.support.services import running_redis
from tests.support.taskqueue.workers import STOP_WITHIN, broker_on, working

FOREVER = 60  # seconds


def states(redis_url: str) -> list[str]:
    return [task.state for task in queued(redis_url)]


def test_running_tasks_may_end_and_are_settled(broker: RedisBroker, redis_url: str) -> None:
    started, done = threading.Event(), threading.Event()

    @dramatiq.actor(broker=broker)
    async def take_a_while() -> None:
        started.set()
        await asyncio.sleep(0.3)
        done.set()

    with working(broker):
        take_a_while.send()
        started.wait(5)

    assert done.is_set()
    assert states(redis_url) == []


@pytest.mark.parametrize("place", ["on the loop", "in a thread", "in a thread that does not listen"])
def test_what_does_not_end_goes_back_to_the_front_uncounted(
    broker: RedisBroker, redis_url: str, place: str
) -> None:
    started, may_end = threading.Event(), threading.Event()

    @dramatiq.actor(broker=broker)
    async def hang() -> None:
        started.set()
        await asyncio.sleep(FOREVER)

    @dramatiq.actor(broker=broker)
    def hang_in_thread() -> None:
        started.set()
        for _ in range(FOREVER * 100):
            time.sleep(0.01)

    @dramatiq.actor(broker=broker)
    def hang_in_system_call() -> None:
        started.set()
        may_end.wait(FOREVER)

    actors = {
        "on the loop": hang,
        "in a thread": hang_in_thread,
        "in a thread that does not listen": hang_in_system_call,
    }
    worker = Worker(broker, worker_threads=1)
    worker.start()
    running = actors[place].send()
    started.wait(5)
    waiting = hang.send()

    unsettled = worker.stop(100)

    may_end.set()

    assert unsettled == 0
    tasks = queued(redis_url)
    assert [task.message.message_id for task in tasks] == [running.message_id, waiting.message_id]
    assert {task.state for task in tasks} == {"pending"}
    assert not any("retries" in task.message.options for task in tasks)
    assert broker.client.keys(f"{broker.namespace}:default:task:*") == []


def test_a_thread_that_goes_on_after_its_task_went_to_another_worker_does_not_count_as_unsettled(
    broker: RedisBroker,
) -> None:
    started, may_end = threading.Event(), threading.Event()

    @dramatiq.actor(broker=broker)
    def hang_in_system_call() -> None:
        started.set()
        may_end.wait(FOREVER)

    worker = Worker(broker, worker_threads=1)
    worker.start()
    hang_in_system_call.send()
    started.wait(5)
    tokens = f"{broker.namespace}:default:tokens"
    broker.client.hset(tokens, mapping=dict.fromkeys(broker.client.hkeys(tokens), "another worker's"))

    unsettled = worker.stop(100)

    may_end.set()
    assert unsettled == 0


def test_a_task_that_redis_hands_out_to_a_worker_that_has_gone_goes_back(
    redis_program: Path | None, tmp_path: Path
) -> None:
    with running_redis(tmp_path, program=redis_program) as server, closing(broker_on(server.url)) as broker:

        @dramatiq.actor(broker=broker)
        async def run() -> None: ...

        worker = Worker(broker, worker_threads=1)
        worker.start()
        run.send_with_options(delay=200)
        time.sleep(0.1)
        os.kill(server.pid, signal.SIGSTOP)
        thaw = threading.Timer(0.4, os.kill, (server.pid, signal.SIGCONT))
        thaw.start()
        time.sleep(0.2)  # the task is due, and the worker has asked for it

        worker.stop(STOP_WITHIN)

        thaw.join()
        # Whether or not the call was still obeyed.
        eventually(lambda: states(server.url) in (["pending"], ["scheduled"]), within=5)
        assert broker.client.keys(f"{broker.namespace}:default:task:*") == []  # no crash is counted


def test_a_paused_worker_starts_nothing_and_finishes_what_runs(broker: RedisBroker) -> None:
    started, may_end = threading.Event(), threading.Event()
    done: list[str] = []

    @dramatiq.actor(broker=broker)
    async def run(name: str) -> None:
        started.set()
        await asyncio.to_thread(may_end.wait, FOREVER)
        done.append(name)

    with working(broker) as worker:
        run.send("first")
        started.wait(5)
        worker.pause()
        run.send("second")
        may_end.set()
        eventually(lambda: done == ["first"], within=5)
        time.sleep(0.2)
        while_paused = list(done)

        worker.resume()

        eventually(lambda: done == ["first", "second"], within=5)
    assert while_paused == ["first"]


def test_a_paused_queue_hands_nothing_to_a_worker_that_serves_others(broker: RedisBroker) -> None:
    ran: list[str] = []

    @dramatiq.actor(broker=broker, queue_name="low")
    async def low() -> None:
        ran.append("low")

    @dramatiq.actor(broker=broker)
    async def default() -> None:
        ran.append("default")

    with working(broker):
        broker.pause("low")
        low.send()
        default.send()
        eventually(lambda: ran == ["default"], within=5)
        time.sleep(0.2)
        while_paused = list(ran)

        broker.resume("low")

        eventually(lambda: ran == ["default", "low"], within=0.5)
    assert while_paused == ["default"]


def test_joining_waits_for_what_is_delayed_and_what_is_running(broker: RedisBroker) -> None:
    done: list[str] = []

    @dramatiq.actor(broker=broker)
    async def run(name: str) -> None:
        await asyncio.sleep(0.1)
        done.append(name)

    with working(broker) as worker:
        run.send("now")
        run.send_with_options(args=("later",), delay=200)
        worker.join()

    assert done == ["now", "later"]


def test_a_queue_that_is_declared_later_is_served_as_well(broker: RedisBroker) -> None:
    ran: list[bool] = []

    with working(broker):

        @dramatiq.actor(broker=broker, queue_name="late")
        async def late() -> None:
            ran.append(True)

        late.send()

        eventually(lambda: ran == [True], within=5)


def test_a_worker_serves_only_the_queues_that_it_is_given(broker: RedisBroker, redis_url: str) -> None:
    ran: list[str] = []

    @dramatiq.actor(broker=broker)
    async def default() -> None:
        ran.append("default")

    @dramatiq.actor(broker=broker, queue_name="low")
    async def low() -> None:
        ran.append("low")

    with working(broker, queues={"low"}):
        default.send()
        low.send()
        eventually(lambda: ran == ["low"], within=5)
        time.sleep(0.1)

    assert (ran, states(redis_url)) == (["low"], ["pending"])


def test_a_worker_may_be_stopped_more_than_once_and_before_it_starts(broker: RedisBroker) -> None:
    worker = Worker(broker)

    before = worker.stop()
    worker.start()
    after = [worker.stop(), worker.stop()]

    assert (before, after) == (0, [0, 0])


def test_a_stop_during_a_stop_returns_at_once(broker: RedisBroker) -> None:
    started, stopping, may_end = threading.Event(), threading.Event(), threading.Event()
    returned: list[int] = []

    class Stopping(Middleware):
        def before_worker_shutdown(self, broker: Broker, worker: dramatiq.Worker) -> None:
            stopping.set()

    broker.add_middleware(Stopping())

    @dramatiq.actor(broker=broker)
    def wait() -> None:
        started.set()
        may_end.wait(5)

    worker = Worker(broker)
    worker.start()
    wait.send()
    started.wait(5)
    first = threading.Thread(target=lambda: returned.append(worker.stop()))
    first.start()

    stopping.wait(5)
    second = worker.stop()
    still_stopping = first.is_alive()
    may_end.set()
    first.join(5)

    assert (second, still_stopping, returned) == (0, True, [0])


def test_a_worker_that_cannot_reach_redis_counts_its_tasks_and_leaves_no_coroutine_behind(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    started, may_end = threading.Event(), threading.Event()
    with Proxy(redis_url).running() as proxy, closing(broker_on(proxy.url)) as broker:

        @dramatiq.actor(broker=broker)
        def ignore_interrupts() -> None:
            started.set()
            while not may_end.is_set():
                with suppress(BaseException):
                    may_end.wait(FOREVER)

        worker = Worker(broker, worker_threads=2)
        worker.start()
        ignore_interrupts.send()
        assert started.wait(5)
        proxy.refuse()
        unsettled = worker.stop(100)
        may_end.set()

    del worker
    gc.collect()
    assert unsettled == 1
    # As asyncio reports a task that was pending when its loop ended.
    assert [record for record in caplog.records if record.name == "asyncio"] == []
