from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update

from internal.application.tasks.send_email_change import SendEmailChange
from internal.application.tasks.send_password_reset import SendPasswordReset
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox
from internal.ports.idempotency import Done
from internal.ports.tasks import Task
from internal.ports.unit_of_work import UnitOfWork
from tests.fakes.unit_of_work import FakeUnitOfWork

pytestmark = pytest.mark.anyio

Begin = Callable[[], UnitOfWork]


@pytest.fixture(params=["fake", "sqlalchemy"])
def begin(request: pytest.FixtureRequest) -> Begin:
    if request.param == "fake":
        uow = FakeUnitOfWork()
        return lambda: uow
    container: Container = request.getfixturevalue("container")
    return container.database.unit_of_work


async def store(begin: Begin, *users: User, tasks: tuple[Task, ...] = ()) -> list[str]:
    async with begin() as uow:
        for user in users:
            await uow.users.add(user)
        receipts = await uow.tasks.publish_many(tasks)
        await uow.commit()
    return [receipt.id for receipt in receipts]


async def names_of(begin: Begin, user: User) -> list[str]:
    async with begin() as uow:
        return sorted(task.name for task in await uow.user_tasks.of(user.id))


def eve_beside(ada: User) -> User:
    return replace(ada, id=uuid4(), email=EmailAddress.parse("eve@example.com"))


def welcome(user: User) -> SendWelcomeEmail:
    return SendWelcomeEmail(user_id=user.id)


async def test_finds_tasks_by_the_id_and_by_the_address_of_the_user(begin: Begin, ada: User) -> None:
    eve = eve_beside(ada)
    await store(begin, ada, eve)
    await store(
        begin,
        tasks=(
            welcome(ada),
            welcome(eve),
            SendPasswordReset(email="ada@example.com"),
            SendPasswordReset(email="nobody@example.com"),
            SendEmailChange(user_id=eve.id, email="ada@example.com", requested_at=ada.created_at),
        ),
    )

    assert await names_of(begin, ada) == ["email:password-reset", "email:welcome"]
    assert await names_of(begin, eve) == ["email:email-change", "email:welcome"]


async def test_a_task_stays_with_the_user_whose_address_it_was(begin: Begin, ada: User) -> None:
    await store(begin, ada)
    await store(begin, tasks=(SendPasswordReset(email="ada@example.com"),))
    moved = ada.change_email(EmailAddress.parse("new@example.com"), now=ada.updated_at)
    async with begin() as uow:
        await uow.users.save(moved)
        await uow.commit()

    assert await names_of(begin, ada) == ["email:password-reset"]


async def test_tells_when_a_task_was_stored_and_that_it_may_still_run(begin: Begin, ada: User) -> None:
    [task_id] = await store(begin, ada, tasks=(welcome(ada),))

    async with begin() as uow:
        [task] = await uow.user_tasks.of(ada.id)

    assert (task.id, task.queue, task.ended_at) == (task_id, "default", None)
    assert task.stored_at.tzinfo is not None


async def test_erased_tasks_have_ended_and_those_of_others_have_not(begin: Begin, ada: User) -> None:
    eve = eve_beside(ada)
    await store(begin, ada, eve, tasks=(welcome(ada), welcome(eve)))

    for _ in range(2):
        async with begin() as uow:
            await uow.user_tasks.erase(ada.id)
            await uow.commit()

    async with begin() as uow:
        [task] = await uow.user_tasks.of(ada.id)
        [other] = await uow.user_tasks.of(eve.id)
    assert task.ended_at is not None
    assert other.ended_at is None


@dataclass(frozen=True)
class Row:
    payload: dict[str, Any]
    options: dict[str, Any]
    succeeded: bool | None


async def row_of(container: Container, task_id: str) -> Row:
    query = select(outbox.c.payload, outbox.c.options, outbox.c.succeeded).where(outbox.c.id == task_id)
    async with container.database.engine().connect() as connection:
        return Row(*(await connection.execute(query)).one())


async def test_an_erased_row_says_nothing_and_its_task_does_nothing(container: Container, ada: User) -> None:
    begin = container.database.unit_of_work
    async with begin() as uow:
        await uow.users.add(ada)
        follower = SendPasswordReset(email="ada@example.com")
        receipt = await uow.tasks.publish_chain([welcome(ada), follower])
        await uow.user_tasks.erase(ada.id)
        await uow.commit()

    row = await row_of(container, receipt.id)
    assert (row.payload, row.options, row.succeeded) == ({}, {"queue": "default"}, True)
    claim = await container.database.idempotency().claim(receipt.id, ada.updated_at - ada.created_at)
    assert isinstance(claim, Done)


async def test_finds_a_row_that_a_version_without_subjects_stored(container: Container, ada: User) -> None:
    [task_id] = await store(container.database.unit_of_work, ada, tasks=(welcome(ada),))
    async with container.database.engine().begin() as connection:
        await connection.execute(update(outbox).values(subject_id=None))
        other = {"id": "purge", "task_name": "test", "payload": {}, "options": {"queue": "low"}}
        await connection.execute(insert(outbox).values(**other, next_try_at=ada.created_at))

    async with container.database.unit_of_work() as uow:
        await uow.user_tasks.erase(ada.id)
        await uow.commit()

    assert (await row_of(container, task_id)).payload == {}
    assert (await row_of(container, "purge")).succeeded is None
