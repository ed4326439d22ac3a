from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select, update

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.tasks.completion_log import Completion
from internal.ports.task_inspector import TaskAction
from internal.ports.tasks import TaskState
from tests.support.queue_contents import queued

pytestmark = pytest.mark.anyio


async def publish(container: Container) -> str:
    async with container.database().unit_of_work() as uow:
        task = SendWelcomeEmail(user_id=UUID(int=1))
        receipt = await uow.tasks.publish(task)
        await uow.commit()
    return receipt.id


async def test_a_task_that_is_reopened_may_run_again(container: Container) -> None:
    task_id = await publish(container)
    completion_log = container.database.completion_log()
    await completion_log.close([Completion(task_id=task_id, succeeded=False)])

    reopened = await completion_log.reopen([task_id, "unknown"])

    assert reopened == {task_id}
    assert await completion_log.closed([task_id, "unknown"]) == {"unknown": True}


async def test_a_task_that_is_reopened_is_not_looked_for_at_once(container: Container) -> None:
    task_id = await publish(container)
    async with container.database.engine().begin() as connection:
        await connection.execute(
            update(outbox).values(
                next_try_at=datetime(2020, 1, 1, tzinfo=UTC), missing_since=datetime.now(UTC)
            )
        )
    await container.database.completion_log().close([Completion(task_id=task_id, succeeded=False)])

    await container.database.completion_log().reopen([task_id])

    assert await container.database.outbox_relay().sweep() == 0
    async with container.database.engine().connect() as connection:
        assert (await connection.execute(select(outbox.c.missing_since))).scalar_one() is None


async def test_operator_actions_reach_the_completion_log_first(container: Container, redis_url: str) -> None:
    task_id = await publish(container)
    inspector, completion_log = container.inspection.tasks(), container.database.completion_log()

    await inspector.act(TaskAction.ARCHIVE, "default", [task_id])
    while_archived = await completion_log.closed([task_id])
    await inspector.act(TaskAction.RUN, "default", [task_id])
    while_pending = await completion_log.closed([task_id])
    await inspector.act(TaskAction.DELETE, "default", [task_id])

    assert (while_archived, while_pending) == ({task_id: False}, {})
    assert await completion_log.closed([task_id]) == {task_id: False}
    assert queued(redis_url) == []


async def test_an_action_on_all_does_so_too(container: Container) -> None:
    ids = {await publish(container) for _ in range(3)}

    async for _ in container.inspection.tasks().act_on_all(TaskAction.DELETE, "default", TaskState.PENDING):
        pass

    assert await container.database.completion_log().closed(sorted(ids)) == dict.fromkeys(ids, False)
