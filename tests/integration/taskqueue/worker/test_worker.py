"""The worker as Dramatiq's users know it, on a real Redis."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dramatiq
import pytest
from dramatiq import Message
from dramatiq.middleware import CurrentMessage
from dramatiq.middleware import TimeLimit as StockTimeLimit

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.broker.middleware import TimeLimit, default_middleware
from internal.infrastructure.taskqueue.worker.worker import Worker
from internal.infrastructure.tasks.completion_log import CompletionLog
from tests.fakes.completion_log import FakeCompletionLog
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.witnesses import Blocking, Recorder, WatchingCompletionLog
from tests.support.taskqueue.workers import send_stored


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    broker = RedisBroker(url=redis_url)
    yield broker
    broker.close()


@contextmanager
def working(
    broker: RedisBroker, *, completion_log: CompletionLog | None = None, slots: int = 2
) -> Iterator[Worker]:
    broker.emit_after("process_boot")
    worker = Worker(broker, worker_threads=slots, completion_log=completion_log)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(timeout=1000)


def declare(broker: RedisBroker, function: Callable[..., Any], **options: Any) -> Any:
    return dramatiq.actor(broker=broker, **options)(function)


def done(broker: RedisBroker) -> Callable[[], bool]:
    return lambda: broker.qsize("default") == 0


def test_async_actors_share_the_loop_and_sync_ones_have_threads(broker: RedisBroker) -> None:
    where: dict[str, int] = {}

    async def first() -> None:
        where["first"] = threading.get_ident()

    async def second() -> None:
        where["second"] = threading.get_ident()

    def blocking() -> None:
        where["blocking"] = threading.get_ident()

    for function in (first, second, blocking):
        declare(broker, function).send()
    with working(broker):
        eventually(done(broker), within=5)

    assert where["first"] == where["second"] != where["blocking"]


def test_a_middleware_that_may_block_moves_async_actors_off_the_loop(broker: RedisBroker) -> None:
    broker.add_middleware(Blocking())
    hooked: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        hooked.append(threading.current_thread().name)

    declare(broker, work).send()
    with working(broker):
        eventually(done(broker), within=5)

    assert len(hooked) == 1


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_nothing_that_a_task_raises_stops_the_worker(broker: RedisBroker, error: type[BaseException]) -> None:
    ran: list[str] = []

    async def fail() -> None:
        raise error

    async def work() -> None:
        ran.append("work")

    declare(broker, fail, max_retries=0).send()
    declare(broker, work).send()
    with working(broker, slots=1):
        eventually(done(broker), within=5)

    assert ran == ["work"]
    assert [task.state for task in queued(broker_url(broker))] == ["archived"]


def test_a_task_that_swallows_its_cancellation_is_not_done(broker: RedisBroker) -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return

    declare(broker, stubborn, time_limit=100, max_retries=0).send()
    with working(broker):
        eventually(done(broker), within=5)

    assert [task.state for task in queued(broker_url(broker))] == ["archived"]


def test_hooks_fire_in_order_and_ack_after_the_task_is_gone(broker: RedisBroker) -> None:
    seen: list[str] = []
    broker.add_middleware(Recorder("outer", seen))
    broker.add_middleware(Recorder("inner", seen))

    async def work() -> None:
        seen.append("work")

    declare(broker, work).send()
    with working(broker):
        eventually(lambda: "outer ack" in seen, within=5)

    before = ["outer before", "inner before"]
    after = ["inner after", "outer after", "inner ack", "outer ack"]
    assert seen == [*before, "work", *after]


def test_the_current_message_is_that_of_each_task(broker: RedisBroker) -> None:
    seen: dict[int, str] = {}
    sent: dict[int, str] = {}

    async def work(number: int) -> None:
        await asyncio.sleep(0.01)
        message = CurrentMessage.get_current_message()
        assert message is not None
        seen[number] = message.message_id

    actor = declare(broker, work)
    for number in range(10):
        sent[number] = actor.send(number).message_id
    with working(broker, slots=10):
        eventually(done(broker), within=5)

    assert seen == sent


def test_a_task_that_runs_at_a_shutdown_goes_back_uncounted(broker: RedisBroker) -> None:
    started = threading.Event()

    async def work() -> None:
        started.set()
        await asyncio.sleep(60)

    declare(broker, work).send()
    with working(broker):
        started.wait(5)

    [task] = queued(broker_url(broker))
    assert task.state == "pending"
    assert "retries" not in task.message.options


def test_dramatiqs_own_worker_works_on_this_broker(broker: RedisBroker) -> None:
    ran: list[int] = []

    def work(number: int) -> None:
        ran.append(number)

    actor = declare(broker, work)
    for number in range(20):
        actor.send(number)
    worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=2)
    worker.start()
    try:
        broker.join("default", timeout=10_000)
    finally:
        worker.stop()

    assert sorted(ran) == list(range(20))


def test_stock_middleware_that_would_break_the_loop_is_replaced_with_a_warning(redis_url: str) -> None:
    with pytest.warns(RuntimeWarning, match="TimeLimit"):
        broker = RedisBroker(url=redis_url, middleware=[StockTimeLimit(time_limit=1234)])

    [middleware] = broker.middleware
    broker.close()
    assert isinstance(middleware, TimeLimit)
    assert middleware.time_limit == 1234
    assert all(type(item).__module__ for item in default_middleware())


@pytest.mark.parametrize("fails", [False, True])
def test_the_ledger_is_closed_before_redis_hears_of_the_end(broker: RedisBroker, *, fails: bool) -> None:
    async def work() -> None:
        if fails:
            raise ValueError

    completion_log = WatchingCompletionLog(broker_url(broker))
    send_from_outbox(broker, declare(broker, work, max_retries=0), outbox="first")
    with working(broker, completion_log=completion_log):
        eventually(done(broker), within=5)

    assert [completion.succeeded for completion in completion_log.completions] == [not fails]
    assert completion_log.states == ["active"]


def test_a_task_that_is_closed_already_does_not_run_again(broker: RedisBroker) -> None:
    ran: list[str] = []

    async def work() -> None:
        ran.append("work")

    task_id = send_from_outbox(broker, declare(broker, work), outbox="again")
    with working(broker, completion_log=FakeCompletionLog(ended={task_id: True})):
        eventually(done(broker), within=5)

    assert ran == []


@pytest.mark.parametrize("mark", ["first", "again", 5])
def test_a_message_with_an_option_named_outbox_runs(broker: RedisBroker, mark: object) -> None:
    """As a copy of a task that a use case has published has it: no row has its id."""
    ran: list[str] = []

    async def work() -> None:
        ran.append("work")

    declare(broker, work).send_with_options(outbox=mark)
    completion_log = FakeCompletionLog(ended={task.id: True for task in queued(broker_url(broker))})
    with working(broker, completion_log=completion_log):
        eventually(done(broker), within=5)

    assert ran == ["work"]
    assert completion_log.completions == []


def send_from_outbox(broker: RedisBroker, actor: Any, *, outbox: str) -> str:
    message: Message[Any] = actor.message_with_options(outbox=outbox)
    return send_stored(broker, message).message_id


def broker_url(broker: RedisBroker) -> str:
    options = broker.client.connection_pool.connection_kwargs
    return f"redis://:{options.get('password') or ''}@{options['host']}:{options['port']}/{options['db']}"


def test_an_idle_worker_leaves_redis_alone(broker: RedisBroker) -> None:
    def calls() -> int:
        stats: Any = broker.client.info("commandstats")
        return int(stats["cmdstat_evalsha"]["calls"])

    async def task() -> None:
        pass

    sent = declare(broker, task)
    with working(broker):
        sent.send()
        eventually(done(broker), within=5)
        time.sleep(0.2)  # for the turns that the task has caused
        before = calls()
        time.sleep(1)

        assert calls() - before <= 2
