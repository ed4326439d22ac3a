import asyncio
from contextvars import Context

import dramatiq
import pytest
from dramatiq.middleware import Interrupt

from internal.infrastructure.taskqueue.delivery.attempt import Cancelled
from internal.infrastructure.taskqueue.delivery.outcomes import Kind
from internal.infrastructure.taskqueue.delivery.retries import Retries
from internal.infrastructure.taskqueue.delivery.settled_as import settled_as
from internal.infrastructure.taskqueue.worker.runner import Runner
from internal.infrastructure.taskqueue.worker.threads import WorkerThreads
from tests.support.taskqueue.attempts import delivery, offline_broker

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("reason", "kind"), [(Cancelled.OPERATOR, Kind.ARCHIVED), (Cancelled.SHUTDOWN, Kind.RELEASED)]
)
@pytest.mark.parametrize("is_async", [True, False])
async def test_a_task_that_is_cancelled_before_its_first_step_ends_without_it(
    *, is_async: bool, reason: Cancelled, kind: Kind
) -> None:
    broker = offline_broker([Retries()])
    runs: list[bool] = []

    def run() -> None:
        runs.append(True)

    async def run_on_the_loop() -> None:
        run()

    dramatiq.actor(broker=broker, actor_name="work")(run_on_the_loop if is_async else run)
    runner = Runner(broker, threads=WorkerThreads(broker, size=0 if is_async else 1), context=Context())
    held = delivery()

    held.attempt.interrupt(reason)
    async with asyncio.timeout(5):
        await runner.run(held)

    assert settled_as(held).kind is kind
    assert runs == []


async def test_a_run_in_a_thread_ends_even_if_an_interrupt_arrives_too_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = offline_broker([Retries()])
    dramatiq.actor(broker=broker, actor_name="work")(lambda: None)
    runner = Runner(broker, threads=WorkerThreads(broker, size=1), context=Context())
    held = delivery()

    def interrupt(*_: object, **__: object) -> None:
        raise Interrupt

    # A library of the developer's may interrupt a thread at any bytecode.
    monkeypatch.setattr(Runner, "_conclude", interrupt)

    async with asyncio.timeout(5):
        await runner.run(held)

    assert settled_as(held).kind is Kind.RETRY
