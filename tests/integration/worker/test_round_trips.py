"""How often a task waits for Postgres: the number does not depend on the machine, as times do."""

import pytest

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.ports.tasks import TaskContext
from tests.support.accounts import stored_account
from tests.support.round_trips import traffic

pytestmark = pytest.mark.anyio


async def test_an_email_takes_one_round_trip_each_for_user_token_claim_and_completion(
    container: Container,
) -> None:
    ada = (await stored_account(container, is_verified=False)).user
    task = SendWelcomeEmail(user_id=ada.id)
    async with container.database.unit_of_work() as uow:
        receipt = await uow.tasks.publish(task)
        await uow.commit()
    context = TaskContext(id=receipt.id, queue="default", retries=0, max_retries=1, deadline=None, headers={})
    handler = container.tasks.send_welcome_email_handler()

    with traffic(container) as seen:
        await handler(task, context)

    assert (seen.round_trips, seen.statements) == (4, ["SELECT", "WITH", "UPDATE", "UPDATE"])
