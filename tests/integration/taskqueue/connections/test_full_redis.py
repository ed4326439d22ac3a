from uuid import UUID

import pytest
from dramatiq import Message
from dramatiq.errors import ConnectionClosed

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.ports.unavailable import Unavailable
from tests.support.full_redis import full
from tests.support.queue_contents import queued

pytestmark = pytest.mark.anyio

TASK = SendWelcomeEmail(user_id=UUID(int=1))
MESSAGE: Message[None] = Message(queue_name="default", actor_name="work", args=(), kwargs={}, options={})


async def test_publishing_says_that_redis_is_full_and_works_again_when_it_is_not(
    container: Container, redis_url: str
) -> None:
    with full(redis_url), pytest.raises(Unavailable, match="full"):
        await container.taskqueue.publisher().publish(TASK)

    receipt = await container.taskqueue.publisher().publish(TASK)

    assert [task.id for task in queued(redis_url)] == [receipt.id]


async def test_sending_to_a_full_redis_fails_as_to_one_that_is_away(
    container: Container, redis_url: str
) -> None:
    with full(redis_url), pytest.raises(ConnectionClosed, match="maxmemory"):
        container.worker.broker().enqueue(MESSAGE)

    assert queued(redis_url) == []
