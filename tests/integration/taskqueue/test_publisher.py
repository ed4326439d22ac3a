from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.taskqueue.publisher import UnsupportedTaskOption
from internal.ports.tasks import Rate, TaskOverrides
from tests.queued import take_queued

pytestmark = pytest.mark.anyio

TASK = SendWelcomeEmail(user_id=UUID(int=1), email="ada@example.com", name="Ada")
PAYLOAD = {"user_id": str(UUID(int=1)), "email": "ada@example.com", "name": "Ada"}
MINUTE = timedelta(minutes=1)


async def test_the_message_is_what_a_worker_expects(container: Container, redis_url: str) -> None:
    receipt = await container.task_publisher().publish(
        TASK, queue="critical", max_retries=3, timeout=MINUTE, headers={"request_id": "r-1"}
    )

    [message] = take_queued(redis_url)
    assert message.message_id == receipt.id
    assert (message.queue_name, message.actor_name) == ("critical", "email:welcome")
    assert (message.args, message.kwargs) == ((), PAYLOAD)
    assert message.options["max_retries"] == 3
    assert message.options["time_limit"] == 60_000  # milliseconds
    assert message.options["headers"] == {"request_id": "r-1"}


async def test_a_delayed_message_waits_on_the_delay_queue(container: Container, redis_url: str) -> None:
    await container.task_publisher().publish(TASK, delay=MINUTE)

    [message] = take_queued(redis_url)
    due = datetime.fromtimestamp(message.options["eta"] / 1000, UTC)
    assert message.queue_name == "default.DQ"
    assert timedelta(0) < due - datetime.now(UTC) <= MINUTE


async def test_a_moment_that_has_passed_is_now(container: Container, redis_url: str) -> None:
    await container.task_publisher().publish(TASK, process_at=datetime.now(UTC) - MINUTE)

    [message] = take_queued(redis_url)
    assert message.queue_name == "default"
    assert "eta" not in message.options


@pytest.mark.parametrize(
    "overrides",
    [
        {"task_id": "own-id"},
        {"deadline": datetime(2030, 1, 1, tzinfo=UTC)},
        {"unique_for": MINUTE},
        {"unique_for": MINUTE, "unique_key": "key"},
        {"retention": MINUTE},
        {"max_running": 1},
        {"rate": Rate(1, MINUTE)},
    ],
)
async def test_names_the_options_that_it_cannot_honour(
    container: Container, redis_url: str, overrides: TaskOverrides
) -> None:
    with pytest.raises(UnsupportedTaskOption, match=", ".join(sorted(overrides))):
        await container.task_publisher().publish(TASK, **overrides)

    assert take_queued(redis_url) == []
