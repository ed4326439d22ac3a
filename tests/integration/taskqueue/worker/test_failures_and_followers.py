"""What learns how a task ended: the completion log, and what follows it in a chain."""

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import uuid4

import dramatiq
import pytest
from dramatiq import Message

from internal.infrastructure.clock import SystemClock
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import pool_of
from internal.infrastructure.taskqueue.publishing.enqueuer import Enqueuer
from internal.infrastructure.taskqueue.publishing.publisher import DramatiqTaskPublisher
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.infrastructure.worker.actors import declare_actors
from internal.ports.tasks import TaskContext, TaskHandler, TaskOptions
from tests.fakes.completion_log import FakeCompletionLog
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import send_stored, working


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    task_name: ClassVar[str] = "step"
    task_options: ClassVar[TaskOptions] = TaskOptions(max_retries=0)

    name: str


class Silent(Exception):
    def __str__(self) -> str:
        raise ValueError


in_every_way = pytest.mark.parametrize(
    "error", [Silent(), ValueError("caf\udce9.txt")], ids=["silent", "text"]
)


@in_every_way
@pytest.mark.parametrize("is_async", [True, False])
def test_the_ledger_hears_that_it_failed(broker: RedisBroker, error: Exception, *, is_async: bool) -> None:
    def fail() -> None:
        raise error

    async def fail_on_the_loop() -> None:
        fail()

    actor = dramatiq.actor(broker=broker, actor_name="fail", max_retries=0)(
        fail_on_the_loop if is_async else fail
    )
    completion_log = FakeCompletionLog()

    with working(broker, completion_log=completion_log):
        send_stored(broker, actor.message_with_options(outbox="first"))

        eventually(
            lambda: [completion.succeeded for completion in completion_log.completions] == [False], within=5
        )


def publish_chain(broker: RedisBroker, redis_url: str, handle: TaskHandler[Step]) -> None:
    codec = TaskCodec([Step])
    declare_actors(broker, codec=codec, clock=SystemClock(), task_types=[Step], resolve=lambda _: handle)

    async def publish() -> None:
        pool = pool_of(redis_url)
        enqueuer = Enqueuer(pool, namespace=broker.namespace)
        publisher = DramatiqTaskPublisher(
            enqueuer=enqueuer,
            encoder=TaskEncoder(codec=codec, new_id=uuid4),
            queues=("default",),
            clock=SystemClock(),
        )
        await publisher.publish_chain(
            [(Step(name="first"), TaskOptions(task_id="first", max_retries=0)), Step(name="next")],
            on_failure=Step(name="rescue"),
        )
        await publisher.close()
        await pool.disconnect()

    asyncio.run(publish())


@in_every_way
def test_a_chain_does_not_go_on_behind_a_failure(
    broker: RedisBroker, redis_url: str, error: Exception
) -> None:
    ran: list[str] = []

    async def handle(task: Step, context: TaskContext) -> None:  # noqa: ARG001 - a handler
        ran.append(task.name)
        if task.name == "first":
            raise error

    publish_chain(broker, redis_url, handle)
    with working(broker) as worker:
        worker.join()

    assert ran == ["first", "rescue"]


@pytest.mark.parametrize(("succeeded", "follows"), [(True, "next"), (False, "rescue")])
def test_a_chain_goes_on_as_the_ledger_says_if_the_worker_died_before_it_told_redis(
    broker: RedisBroker, redis_url: str, follows: str, *, succeeded: bool
) -> None:
    ran: list[str] = []

    async def handle(task: Step, context: TaskContext) -> None:  # noqa: ARG001 - a handler
        ran.append(task.name)

    publish_chain(broker, redis_url, handle)
    let_it_come_from_the_outbox(broker, "first")
    broker.client.hset(f"{broker.namespace}:default:task:first", "crashes", 1)
    with working(broker, completion_log=FakeCompletionLog(ended={"first": succeeded})) as worker:
        worker.join()

    assert ran == [follows]
    assert [task.state for task in queued(redis_url)] == ([] if succeeded else ["archived"])


def let_it_come_from_the_outbox(broker: RedisBroker, task_id: str) -> None:
    messages = f"{broker.namespace}:default:messages"
    stored: Any = broker.client.hget(messages, task_id)
    message: Message[Any] = Message.decode(stored)
    broker.client.hset(messages, task_id, message.copy(options={"outbox": "first"}).encode())
