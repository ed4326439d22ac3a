"""A follower that is refused when its turn has come fails its chain or its group, and is logged."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

import dramatiq
import pytest
from structlog.testing import capture_logs

from internal.infrastructure.clock import SystemClock
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import pool_of
from internal.infrastructure.taskqueue.publishing.enqueuer import Enqueuer
from internal.infrastructure.taskqueue.publishing.publisher import DramatiqTaskPublisher
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.ports.task_inspector import TaskAction
from internal.ports.tasks import Permanent, Publication, TaskOptions
from tests.support.queue_contents import queued
from tests.support.taskqueue.engine import PREFIX
from tests.support.taskqueue.inspectors import inspector_on
from tests.support.taskqueue.workers import working

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
QUEUES = ("default", "parked")  # nobody works what is parked
PARKED = TaskOptions(queue="parked")
REFUSING = {
    "equal task": TaskOptions(queue="parked", unique_for=HOUR, unique_key="one"),
    "id": TaskOptions(queue="parked", task_id="one"),
}
Publish = Callable[[DramatiqTaskPublisher, TaskOptions, TaskOptions], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    task_name: ClassVar[str] = "test:step"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Store(Step):
    task_name: ClassVar[str] = "test:store"


FIRST, LAST, FAILED = Step(name="first"), Step(name="last"), Step(name="failed")
HOPELESS = Step(name="hopeless")


@pytest.fixture
def ran(broker: RedisBroker) -> list[str]:
    ran: list[str] = []

    async def run(name: str) -> None:
        ran.append(name)
        if name == HOPELESS.name:
            raise Permanent("no")

    for task in (Step, Store):
        dramatiq.actor(actor_name=task.task_name, broker=broker)(run)
    return ran


@pytest.fixture
async def publisher(redis_url: str) -> AsyncIterator[DramatiqTaskPublisher]:
    publisher = DramatiqTaskPublisher(
        enqueuer=Enqueuer(pool_of(redis_url), namespace=PREFIX),
        encoder=TaskEncoder(codec=TaskCodec([Step, Store]), new_id=uuid4),
        queues=QUEUES,
        clock=SystemClock(),
    )
    yield publisher
    await publisher.close()


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as logs:
        yield logs


def refusals(logs: list[MutableMapping[str, Any]]) -> list[tuple[str, str, str]]:
    return [
        (line["follower"], line["reason"], line["log_level"])
        for line in logs
        if line["event"] == "task.follower_refused"
    ]


async def chain(publisher: DramatiqTaskPublisher, kept: TaskOptions, refused: TaskOptions) -> None:
    steps: list[Publication] = [(FIRST, kept), (Store(name="store"), refused), LAST]
    await publisher.publish_chain(steps, on_failure=FAILED)


async def group(publisher: DramatiqTaskPublisher, kept: TaskOptions, refused: TaskOptions) -> None:
    then = (Store(name="store"), refused)
    await publisher.publish_group([(FIRST, kept), (LAST, kept)], then=then, on_failure=FAILED)


def work(broker: RedisBroker) -> None:
    with working(broker, weights={"default": 1}) as worker:
        worker.join()


@pytest.mark.parametrize("kept", [TaskOptions(), TaskOptions(retention=HOUR)])
@pytest.mark.parametrize("way", [chain, group])
@pytest.mark.parametrize("kind", REFUSING)
async def test_a_follower_that_is_refused_runs_on_failure_and_is_logged(
    broker: RedisBroker,
    publisher: DramatiqTaskPublisher,
    ran: list[str],
    logs: list[MutableMapping[str, Any]],
    way: Publish,
    kind: str,
    kept: TaskOptions,
) -> None:
    await publisher.publish_many([(Store(name="there"), REFUSING[kind])])
    await way(publisher, kept, REFUSING[kind])

    work(broker)

    assert ran.count("failed") == 1
    assert "store" not in ran
    reason = {"id": "its id is taken by a task", "equal task": "an equal task"}[kind]
    assert refusals(logs) == [("test:store", f"{reason} that is pending", "warning")]


async def test_a_refused_step_without_on_failure_is_logged(
    broker: RedisBroker,
    publisher: DramatiqTaskPublisher,
    ran: list[str],
    logs: list[MutableMapping[str, Any]],
) -> None:
    await publisher.publish_many([(LAST, REFUSING["id"])])
    await publisher.publish_chain([FIRST, (Store(name="store"), REFUSING["id"])])

    work(broker)

    assert ran == ["first"]
    assert [follower for follower, *_ in refusals(logs)] == ["test:store"]


async def test_a_refused_on_failure_is_logged(
    broker: RedisBroker,
    publisher: DramatiqTaskPublisher,
    ran: list[str],
    logs: list[MutableMapping[str, Any]],
) -> None:
    await publisher.publish_many([(LAST, REFUSING["id"])])
    await publisher.publish_chain([HOPELESS], on_failure=(Store(name="store"), REFUSING["id"]))

    work(broker)

    assert ran == ["hopeless"]
    assert [follower for follower, *_ in refusals(logs)] == ["test:store"]


async def test_a_refused_on_failure_of_a_task_that_an_operator_archives_is_logged(
    publisher: DramatiqTaskPublisher, logs: list[MutableMapping[str, Any]], redis_url: str
) -> None:
    await publisher.publish_many([(LAST, REFUSING["id"])])
    receipt = await publisher.publish_chain([FIRST], on_failure=(Store(name="store"), REFUSING["id"]))

    async with inspector_on(redis_url) as inspector:
        result = await inspector.act(TaskAction.ARCHIVE, "default", [receipt.id])

    assert (result.done, result.refused) == ([receipt.id], {})
    assert [follower for follower, *_ in refusals(logs)] == ["test:store"]


async def test_a_step_is_not_refused_for_the_lock_of_the_one_that_it_follows(
    broker: RedisBroker,
    publisher: DramatiqTaskPublisher,
    ran: list[str],
    logs: list[MutableMapping[str, Any]],
) -> None:
    alone = TaskOptions(unique_for=HOUR, unique_key="one")
    await publisher.publish_chain(
        [(Step(name=name), alone) for name in ("first", "second", "third")], on_failure=FAILED
    )

    work(broker)

    assert ran == ["first", "second", "third"]
    assert refusals(logs) == []


async def test_a_follower_that_already_exists_is_not_a_failure(
    broker: RedisBroker,
    publisher: DramatiqTaskPublisher,
    ran: list[str],
    logs: list[MutableMapping[str, Any]],
    redis_url: str,
) -> None:
    """A member of a group that was forwarded again, and runs again when all were done."""
    members = await publisher.publish_group(
        [FIRST, LAST], then=(Store(name="then"), PARKED), on_failure=FAILED
    )
    broker.client.copy(f"{PREFIX}:default:task:{members[0].id}", "kept")
    [message] = [task.message for task in queued(redis_url) if task.id == members[0].id]
    work(broker)
    broker.client.copy("kept", f"{PREFIX}:default:task:{members[0].id}")
    broker.client.hset(f"{PREFIX}:default:messages", members[0].id, message.encode())
    broker.client.zadd(f"{PREFIX}:default:pending", {members[0].id: 1})

    work(broker)

    assert sorted(ran) == ["first", "first", "last"]
    assert [task.message.kwargs for task in queued(redis_url, queues=QUEUES)] == [{"name": "then"}]
    assert refusals(logs) == []
