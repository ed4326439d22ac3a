"""A row whose task will not run, because another is there with its id or equal to it, is closed."""

import pytest
import redis
from sqlalchemy import update

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox
from tests.integration.database.outboxed import (
    LONG_AGO,
    FakeTaskTransport,
    closed,
    make_due,
    publish,
    relay,
    store_due,
    welcome,
)
from tests.queued import queued

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
    await container.task_publisher().publish(welcome(), task_id="own-id")
    with redis.Redis.from_url(redis_url) as client:
        client.zrem("{pyhexaclean}:default:pending", "own-id")
        client.zadd(f"{{pyhexaclean}}:default:{state}", {"own-id": 1})

    await publish(container, task_id="own-id")

    assert await closed(container) == {"own-id": None}


async def test_a_task_that_is_forwarded_twice_is_no_duplicate_of_itself(
    container: Container, redis_url: str
) -> None:
    task_id = await publish(container, unique_for=LONG_AGO)
    await container.outbox_relay().close()
    async with container.engine().begin() as connection:
        await connection.execute(update(outbox).values(forwarded_at=None))
    await make_due(container)

    assert await container.outbox_relay().sweep() == 1
    assert await closed(container) == {}
    assert [task.id for task in queued(redis_url)] == [task_id]


async def test_a_duplicate_that_the_sweeper_finds_is_closed_too(container: Container) -> None:
    transport = FakeTaskTransport()
    transport.duplicates = {"second"}
    await store_due(container, "first", "second")

    await relay(container, transport).sweep()

    assert await closed(container) == {"second": None}
