"""A new password, and the link of an email change that an intruder asked for before it."""

import asyncio

import pytest

from internal.application.replace_password import replace_password
from internal.application.tasks.send_email_change import SendEmailChange
from internal.infrastructure.bootstrap.container import Container
from internal.ports.tasks import TaskContext
from tests.support.accounts import stored_account

pytestmark = pytest.mark.anyio

CONTEXT = TaskContext(id="t1", queue="default", retries=0, max_retries=25, deadline=None, headers={})
TIME_TO_MAKE_A_LINK = 0.2  # seconds


async def test_no_link_is_made_while_the_password_changes(container: Container) -> None:
    ada = await stored_account(container)
    now = container.clock().now()
    task = SendEmailChange(user_id=ada.id, email="eve@example.com", requested_at=now)
    handler = container.tasks.send_email_change_handler()

    async with container.database.unit_of_work() as uow:
        await replace_password(uow, ada.user.change_password("new hash", now=container.clock().now()))
        making = asyncio.create_task(handler(task, CONTEXT))
        await asyncio.sleep(TIME_TO_MAKE_A_LINK)
        await uow.commit()
    await making

    async with container.database.unit_of_work() as uow:
        assert await uow.account_tokens.list_of(ada.id) == []
