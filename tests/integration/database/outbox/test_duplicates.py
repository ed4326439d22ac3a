"""A row whose task will not run, because another is there with its id or equal to it, is closed."""

from uuid import UUID

import pytest
import redis
from sqlalchemy import update

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.tasks.completion_log import Completion
from internal.ports.outbox_inspector import OutboxAction
from internal.ports.task_inspector import TaskAction
from internal.ports.tasks import TaskState
from tests.fakes.task_transport import FakeTaskTransport
from tests.support.full_redis import full
from tests.support.outbox_rows import (
    LONG_AGO,
    closed,
    make_due,
    publish,
    relay,
    store_due,
    welcome,
)
from tests.support.queue_contents import queued

pytestmark = pytest.mark.anyio


async def test_a_duplicate_is_closed_and_so_never_taken_for_lost(
    container: Container, redis_url: str
) -> None:
    first = await publish(container, unique_for=LONG_AGO)
    second = await publish(container, unique_for=LONG_AGO)

    assert await closed(container) == {second: None}
    assert [task.id for task in queued(redis_url)] == [first]


@pytest.mark.parametrize("state", ["archived", "completed"])
async def test_an_id_whose_task_has_ended_and_is_kept_is_a_duplicate(
    container: Container, redis_url: str, state: str
) -> None:
    await container.taskqueue.publisher().publish(welcome(), task_id="own-id")
    with redis.Redis.from_url(redis_url) as client:
        client.zrem("{pyhexaclean}:default:pending", "own-id")
        client.zadd(f"{{pyhexaclean}}:default:{state}", {"own-id": 1})

    await publish(container, task_id="own-id")

    assert await closed(container) == {"own-id": None}


async def test_a_task_that_is_enqueued_twice_is_not_its_own_duplicate(
    container: Container, redis_url: str
) -> None:
    task_id = await publish(container, unique_for=LONG_AGO)
    await container.database.outbox_relay().close()
    async with container.database.engine().begin() as connection:
        await connection.execute(update(outbox).values(forwarded_at=None))
    await make_due(container)

    assert await container.database.outbox_relay().sweep() == 1
    assert await closed(container) == {}
    assert [task.id for task in queued(redis_url)] == [task_id]


async def test_a_duplicate_that_the_sweeper_finds_is_closed_too(container: Container) -> None:
    transport = FakeTaskTransport()
    transport.ended = {"second"}
    await store_due(container, "first", "second")

    await relay(container, transport).sweep()

    assert await closed(container) == {"second": None}


@pytest.mark.parametrize("forwarded_by", ["the commit", "the sweeper"])
@pytest.mark.parametrize("state", ["archived", "completed"])
async def test_a_duplicate_of_an_ended_task_leaves_its_row_as_it_was(
    container: Container, redis_url: str, state: str, forwarded_by: str
) -> None:
    await publish_in_row(container, number=1, queue="low")
    with redis.Redis.from_url(redis_url) as client:
        client.zrem("{pyhexaclean}:low:pending", "own-id")
        client.zadd(f"{{pyhexaclean}}:low:{state}", {"own-id": 1})
    await container.database.outbox_relay().close()
    await container.database.completion_log().close(
        [Completion(task_id="own-id", succeeded=state == "completed")]
    )
    before = await container.inspection.outbox().row("own-id")

    if forwarded_by == "the sweeper":
        with full(redis_url):
            await publish_in_row(container, number=2, queue="default")
        await make_due(container)
        assert await container.database.outbox_relay().sweep() == 1
    else:
        await publish_in_row(container, number=2, queue="default")
    await container.database.outbox_relay().close()

    assert await container.inspection.outbox().row("own-id") == before
    assert [task.queue for task in queued(redis_url)] == ["low"]


@pytest.mark.parametrize("action", ["run again", "discarded"])
async def test_an_ended_task_keeps_its_row_whatever_operators_do_before_its_duplicate_is_refused(
    container: Container, redis_url: str, action: str
) -> None:
    await publish_in_row(container, number=1, queue="default")
    with redis.Redis.from_url(redis_url) as client:
        client.zrem("{pyhexaclean}:default:pending", "own-id")
        client.zadd("{pyhexaclean}:default:archived", {"own-id": 1})
    await container.database.outbox_relay().close()
    await container.database.completion_log().close([Completion(task_id="own-id", succeeded=False)])
    before = await container.inspection.outbox().row("own-id")
    with full(redis_url):
        await publish_in_row(container, number=2, queue="default")
    await container.database.outbox_relay().close()

    if action == "run again":
        await container.inspection.tasks().act(TaskAction.RUN, "default", ["own-id"])
        await container.database.completion_log().close([Completion(task_id="own-id", succeeded=False)])
    else:
        await container.inspection.outbox().act(OutboxAction.DISCARD, ["own-id"])

    after = await container.inspection.outbox().row("own-id")
    assert (after.state, after.payload, after.stored_at) == (before.state, before.payload, before.stored_at)
    state = TaskState.PENDING if action == "run again" else TaskState.ARCHIVED
    assert (await container.inspection.tasks().task("default", "own-id")).state is state


async def test_an_id_that_redis_has_forgotten_is_free_again(container: Container, redis_url: str) -> None:
    await publish_in_row(container, number=1, queue="low")
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    await container.database.outbox_relay().close()
    await container.database.completion_log().close([Completion(task_id="own-id", succeeded=False)])

    await publish_in_row(container, number=2, queue="default")
    await container.database.outbox_relay().close()

    row = await container.inspection.outbox().row("own-id")
    assert (row.state, row.queue, row.payload["user_id"]) == ("forwarded", "default", str(UUID(int=2)))
    assert [task.queue for task in queued(redis_url)] == ["default"]


async def test_a_task_of_another_queue_with_the_same_id_is_closed_as_a_duplicate(
    container: Container, redis_url: str
) -> None:
    await container.taskqueue.publisher().publish(welcome(1), task_id="own-id", queue="low")

    await publish_in_row(container, number=2, queue="default")

    assert await closed(container) == {"own-id": None}
    assert [task.queue for task in queued(redis_url)] == ["low"]


async def publish_in_row(container: Container, *, number: int, queue: str) -> None:
    async with container.database.unit_of_work() as uow:
        await uow.tasks.publish(
            welcome(number),
            task_id="own-id",
            queue=queue,
            retention=LONG_AGO,
            headers={"number": str(number)},
        )
        await uow.commit()
