from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.ports.tasks import TaskState
from tests.support.queue_contents import queued

pytestmark = pytest.mark.anyio

TASK = SendWelcomeEmail(user_id=UUID(int=1))
PAYLOAD = {"user_id": str(UUID(int=1))}
MINUTE = timedelta(minutes=1)


async def test_the_message_is_what_a_worker_expects(container: Container, redis_url: str) -> None:
    receipt = await container.taskqueue.publisher().publish(
        TASK, queue="critical", max_retries=3, timeout=MINUTE, headers={"request_id": "r-1"}
    )

    [task] = queued(redis_url)
    message = task.message
    assert (task.id, message.message_id) == (receipt.id, receipt.id)
    assert (task.queue, message.queue_name, message.actor_name) == ("critical", "critical", "email:welcome")
    assert (message.args, message.kwargs) == ((), PAYLOAD)
    assert message.options["max_retries"] == 3
    assert message.options["time_limit"] == 60_000  # milliseconds
    assert message.options["headers"] == {"request_id": "r-1"}


async def test_a_delayed_task_is_scheduled(container: Container, redis_url: str) -> None:
    receipt = await container.taskqueue.publisher().publish(TASK, delay=MINUTE)

    [task] = queued(redis_url)
    assert (receipt.state, task.state) == (TaskState.SCHEDULED, "scheduled")
    assert timedelta(0) < task.due - datetime.now(UTC) <= MINUTE


async def test_there_is_no_limit_to_a_delay(container: Container, redis_url: str) -> None:
    await container.taskqueue.publisher().publish(TASK, delay=timedelta(days=3650))

    [task] = queued(redis_url)
    assert task.due - datetime.now(UTC) > timedelta(days=3649)


async def test_a_moment_that_has_passed_is_now(container: Container, redis_url: str) -> None:
    await container.taskqueue.publisher().publish(TASK, process_at=datetime.now(UTC) - MINUTE)

    assert [task.state for task in queued(redis_url)] == ["pending"]


async def test_an_id_that_is_there_is_a_duplicate_and_stored_once(
    container: Container, redis_url: str
) -> None:
    publisher = container.taskqueue.publisher()

    first = await publisher.publish(TASK, task_id="own-id", delay=MINUTE)
    second = await publisher.publish(TASK, task_id="own-id")

    assert (first.duplicate, second.duplicate) == (False, True)
    assert second.state is TaskState.SCHEDULED  # what is there
    assert [task.id for task in queued(redis_url)] == ["own-id"]
