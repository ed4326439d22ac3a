"""The followers of a task are in its row, and reach Redis on every way."""

from typing import Any

import pytest
import redis
from sqlalchemy import update

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox
from tests.support.outbox_rows import make_due, store_due, welcome
from tests.support.queue_contents import queued

pytestmark = pytest.mark.anyio


def record_of(redis_url: str, task_id: str) -> dict[bytes, bytes]:
    with redis.Redis.from_url(redis_url) as client:
        record: Any = client.hgetall(f"{{pyhexaclean}}:default:task:{task_id}")
    return dict(record)


@pytest.mark.parametrize("forwarded_by", ["the commit", "the sweeper"])
async def test_a_chain_reaches_redis_with_its_later_steps(
    container: Container, redis_url: str, forwarded_by: str
) -> None:
    async with container.database.unit_of_work() as uow:
        receipt = await uow.tasks.publish_chain([welcome(1), welcome(2)], on_failure=welcome(3))
        await uow.commit()
    await container.database.outbox_relay().close()
    if forwarded_by == "the sweeper":
        with redis.Redis.from_url(redis_url) as client:
            client.flushdb()
        async with container.database.engine().begin() as connection:
            await connection.execute(update(outbox).values(forwarded_at=None))
        await make_due(container)
        assert await container.database.outbox_relay().sweep() == 1

    record = record_of(redis_url, receipt.id)
    assert [task.id for task in queued(redis_url)] == [receipt.id]
    assert str(welcome(2).user_id).encode() in record[b"on_success"]
    assert str(welcome(3).user_id).encode() in record[b"on_failure"]
    assert b"outbox" not in record[b"on_success"]  # a later step has no row that could be closed


async def test_a_group_knows_its_size(container: Container, redis_url: str) -> None:
    async with container.database.unit_of_work() as uow:
        receipts = await uow.tasks.publish_group([welcome(1), welcome(2)], then=welcome(3))
        await uow.commit()
    await container.database.outbox_relay().close()

    records = [record_of(redis_url, receipt.id) for receipt in receipts]
    assert {record[b"size"] for record in records} == {b"2"}
    assert len({record[b"group"] for record in records}) == 1


async def test_a_row_whose_followers_cannot_be_read_holds_up_no_other(
    container: Container, redis_url: str
) -> None:
    await store_due(container, "broken", followers={"on_success": "nonsense"})
    await store_due(container, "fine", followers=None)

    assert await container.database.outbox_relay().sweep() == 2
    assert [task.id for task in queued(redis_url)] == ["fine"]
