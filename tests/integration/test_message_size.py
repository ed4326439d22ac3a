"""No message is larger than `TASK_MAX_BYTES`, and no call carries much more than one such message."""

from collections.abc import AsyncIterator
from pathlib import Path

import dramatiq
import pytest
import redis
from sqlalchemy import func, select

from internal.application.tasks.send_verification_email import SendVerificationEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.tables import outbox
from internal.ports.tasks import MOST_STEPS
from tests.support.queue_contents import queued
from tests.support.services import running_redis

pytestmark = pytest.mark.anyio

KIB = 1024
MIB = 1024 * KIB


def mail(size: int) -> SendVerificationEmail:
    return SendVerificationEmail(email="x" * size)


@pytest.fixture(params=["publisher", "outbox", "actor"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def publish(container: Container, way: str, size: int) -> None:
    if way == "publisher":
        await container.taskqueue.publisher().publish(mail(size))
    elif way == "outbox":
        async with container.database.unit_of_work() as uow:
            await uow.tasks.publish(mail(size))
            await uow.commit()
    else:
        message = dramatiq.Message[None]("default", "work", ("x" * size,), {}, {})
        container.worker.broker().enqueue(message)


@pytest.mark.parametrize("most", [MIB, 100 * KIB])
async def test_a_task_that_is_too_large_is_refused_when_it_is_published(
    settings: Settings, redis_url: str, way: str, most: int
) -> None:
    container = Container(settings=settings.model_copy(update={"task_max_bytes": most}))
    async with open_resources(container):
        with pytest.raises(ValueError, match=f"bytes; the most is {most}"):
            await publish(container, way, most)
        assert queued(redis_url) == []

        await publish(container, way, most - KIB)
        assert len(queued(redis_url)) == 1


async def test_followers_count_as_part_of_a_task(container: Container, redis_url: str) -> None:
    publisher = container.taskqueue.publisher()
    with pytest.raises(ValueError, match="with all that follows it"):
        await publisher.publish_chain([mail(20 * KIB)] * MOST_STEPS)
    with pytest.raises(ValueError, match="with all that follows it"):
        await publisher.publish_group([mail(1)] * 2, then=mail(MIB))
    async with container.database.unit_of_work() as uow:
        with pytest.raises(ValueError, match="with all that follows it"):
            await uow.tasks.publish_chain([mail(1)], on_failure=mail(MIB))
        await uow.commit()

    assert queued(redis_url) == []
    async with container.database.engine().connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(outbox)) == 0


@pytest.fixture
async def narrow(settings: Settings, tmp_path: Path) -> AsyncIterator[Container]:
    """A Redis that takes no command of more than 2 MiB."""
    with running_redis(tmp_path) as server:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("proto-max-bulk-len", 2 * MIB)
        container = Container(settings=settings.model_copy(update={"redis_url": server.url}))
        async with open_resources(container):
            yield container


async def test_many_large_tasks_go_in_several_calls(narrow: Container) -> None:
    receipts = await narrow.taskqueue.publisher().publish_many([mail(300 * KIB)] * 20)

    assert [receipt.duplicate for receipt in receipts] == [False] * 20
