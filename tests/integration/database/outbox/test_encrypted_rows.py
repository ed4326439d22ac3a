"""Rows whose payloads are encrypted: stored, shown, swept after Redis has lost them, and run."""

from datetime import UTC, datetime, timedelta
from typing import Any, Unpack
from uuid import UUID

import pytest
import redis
from sqlalchemy import select, text

from internal.application.tasks.send_email_changed import SendEmailChanged
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox
from internal.ports.tasks import TaskOverrides
from tests.support.outbox_rows import make_due
from tests.support.queue_contents import Queued, queued
from tests.support.redis_contents import contents

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
PAYLOAD = {
    "user_id": "00000000-0000-0000-0000-000000000001",
    "email": "ada@example.com",
    "name": "Ada",
    "changed_at": "2030-01-01T12:00:00Z",
}


def notice(number: int = 1) -> SendEmailChanged:
    return SendEmailChanged(
        user_id=UUID(int=number),
        email="ada@example.com",
        name="Ada",
        changed_at=datetime(2030, 1, 1, 12, tzinfo=UTC),
    )


async def publish(container: Container, **overrides: Unpack[TaskOverrides]) -> str:
    async with container.database().unit_of_work() as uow:
        receipt = await uow.tasks.publish(notice(), **overrides)
        await uow.commit()
    return receipt.id


async def rows_of(container: Container) -> str:
    async with container.database.engine().connect() as connection:
        rows = await connection.execute(text("SELECT to_jsonb(outbox)::text FROM outbox"))
        return "\n".join(rows.scalars())


def decoded(container: Container, task: Queued) -> object:
    name, payload = task.message.actor_name, task.message.kwargs
    codec = container.taskqueue.codec()
    return codec.decode(name, codec.decrypt(name, payload, task_id=task.id))


async def test_neither_a_row_nor_redis_has_a_value(encrypting_container: Container, redis_url: str) -> None:
    container = encrypting_container
    async with container.database.unit_of_work() as uow:
        await uow.tasks.publish_chain([notice(1), notice(2)], on_failure=notice(3))
        await uow.tasks.publish(notice(), unique_for=HOUR, unique_key="ada@example.com")
        await uow.tasks.publish(notice(), max_running=1, limit_key="ada@example.com")
        await uow.commit()
    await container.database.outbox_relay().close()

    rows, in_redis = await rows_of(container), contents(redis_url)

    assert len(queued(redis_url)) == 3
    assert "$encrypted" in rows
    for value in ("ada@example.com", "Ada"):
        assert value not in rows
        assert value not in in_redis


async def test_a_row_of_a_task_that_was_replaced_has_no_value(encrypting_container: Container) -> None:
    container = encrypting_container
    for _ in range(2):
        await publish(container, task_id="chosen")
        async with container.database.engine().begin() as connection:
            await connection.execute(outbox.update().values(closed_at=text("now()"), succeeded=True))

    rows = await rows_of(container)

    assert rows.count("$encrypted") == 2
    assert "ada@example.com" not in rows


async def test_a_sweeper_without_keys_restores_what_redis_has_lost(
    encrypting_container: Container, container: Container, redis_url: str
) -> None:
    task_id = await publish(encrypting_container, unique_for=HOUR)
    await encrypting_container.database.outbox_relay().close()
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()

    for _ in range(2):
        # The first sweep notes that the task is missing, the second one enqueues it.
        await make_due(container)
        await container.database.outbox_relay().sweep()

    [task] = queued(redis_url)
    assert (task.id, task.message.options["format"]) == (task_id, 2)
    assert decoded(encrypting_container, task) == notice()


async def test_equal_tasks_are_duplicates_in_the_outbox_and_directly(
    encrypting_container: Container, redis_url: str
) -> None:
    container = encrypting_container
    first = await publish(container, unique_for=HOUR)
    await container.database.outbox_relay().close()

    direct = await container.taskqueue.publisher().publish(notice(), unique_for=HOUR)

    assert (direct.id, direct.duplicate) == (first, True)
    assert [task.id for task in queued(redis_url)] == [first]


async def test_an_operator_sees_the_payload_with_the_key_alone(
    encrypting_container: Container, container: Container
) -> None:
    task_id = await publish(encrypting_container)

    async def seen(by: Container) -> list[Any]:
        inspector = by.inspection.outbox()
        return [(await inspector.row(task_id)).payload, (await inspector.rows(None)).rows[0].payload]

    assert await seen(encrypting_container) == [PAYLOAD, PAYLOAD]
    assert await seen(container) == ["encrypted with key new"] * 2


async def test_a_container_without_keys_stores_payloads_as_they_are(container: Container) -> None:
    await publish(container)

    async with container.database.engine().connect() as connection:
        assert await connection.scalar(select(outbox.c.payload)) == PAYLOAD
    assert container.taskqueue.payload_cipher() is None
