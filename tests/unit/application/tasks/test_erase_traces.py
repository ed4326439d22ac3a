from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from internal.application.erase_account import erase_account
from internal.application.tasks.erase_traces import EraseTraces, EraseTracesHandler
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.domain.caller import Caller
from internal.domain.email_address import EmailAddress
from internal.domain.security_event import EventName, SecurityEvent
from internal.domain.user import User
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import RetryLater, TaskContext, TaskState
from tests.fakes.clock import FakeClock
from tests.fakes.task_inspector import FakeTaskInspector
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.support.callers import CALLER

pytestmark = pytest.mark.anyio

CONTEXT = TaskContext(id="erase", queue="default", retries=0, max_retries=25, deadline=None, headers={})
UNKNOWN = Caller(address=None, user_agent=None, request_id=None)
NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Site:
    def __init__(self, *users: User) -> None:
        clock = FakeClock()
        self.uow = FakeUnitOfWork(clock=clock)
        self.inspector = FakeTaskInspector(clock)
        self.inspector.add_queue("default")
        for user in users:
            self.uow.users.by_id[user.id] = user

    async def welcome(self, user: User, state: TaskState) -> str:
        """Publish an email, and put it into a queue. Return its id."""
        async with self.uow as uow:
            receipt = await uow.tasks.publish(SendWelcomeEmail(user_id=user.id))
            await uow.commit()
        self.inspector.add(TaskInfo(id=receipt.id, name="email:welcome", queue="default", state=state))
        return receipt.id

    async def record(self, *events: SecurityEvent) -> None:
        async with self.uow as uow:
            for event in events:
                await uow.security_events.add(event)
            await uow.commit()

    async def delete(self, user: User) -> None:
        event = SecurityEvent.on_own_account(EventName.DELETED, user_id=user.id, caller=CALLER)
        async with self.uow as uow:
            await erase_account(uow, user, event, now=NOW)
            await uow.commit()

    async def erase(self, user: User, *, batch: int = 500) -> None:
        handle = EraseTracesHandler(uow=self.uow, task_inspector=self.inspector, batch=batch)
        await handle(EraseTraces(deleted_user_id=user.id), CONTEXT)

    @property
    def queued(self) -> set[str]:
        return {task.id for task in self.inspector.known("default")}


async def test_a_deletion_publishes_the_task_that_erases_the_rest(ada: User) -> None:
    site = Site(ada)

    await site.delete(ada)

    assert [published.task for published in site.uow.published] == [EraseTraces(deleted_user_id=ada.id)]
    assert await site.uow.user_tasks.of(ada.id) == []


async def test_deletes_the_tasks_of_the_user_in_every_state_and_no_others(ada: User) -> None:
    eve = replace(ada, id=uuid4(), email=EmailAddress.parse("eve@example.com"))
    site = Site(ada, eve)
    for state in (TaskState.PENDING, TaskState.SCHEDULED, TaskState.RETRY, TaskState.ARCHIVED):
        await site.welcome(ada, state)
    of_eve = await site.welcome(eve, TaskState.PENDING)
    await site.delete(ada)

    await site.erase(ada, batch=3)

    assert site.queued == {of_eve}


async def test_comes_back_for_a_task_that_is_running(ada: User) -> None:
    site = Site(ada)
    task_id = await site.welcome(ada, TaskState.ACTIVE)
    await site.delete(ada)

    with pytest.raises(RetryLater):
        await site.erase(ada)

    assert site.queued == {task_id}


async def test_a_repetition_changes_nothing(ada: User) -> None:
    site = Site(ada)
    await site.welcome(ada, TaskState.PENDING)
    await site.delete(ada)

    await site.erase(ada)
    await site.erase(ada)

    assert site.queued == set()


async def test_events_keep_the_id_and_forget_where_the_user_was(ada: User) -> None:
    site, admin_id = Site(ada), uuid4()
    log_in = SecurityEvent.on_own_account(EventName.LOGGED_IN, user_id=ada.id, caller=CALLER)
    failed = replace(log_in, name=EventName.LOGIN_FAILED, actor_id=None, details={"reason": "password"})
    by_admin = replace(log_in, name=EventName.ADMIN_USER_DISABLED, actor_id=admin_id)
    of_other = replace(log_in, actor_id=admin_id, subject_id=admin_id)
    await site.record(log_in, failed, by_admin, of_other)
    await site.delete(ada)

    await site.erase(ada, batch=2)

    *others, deleted = site.uow.security_events.recorded
    assert others == [
        replace(log_in, caller=UNKNOWN),
        replace(failed, caller=UNKNOWN),
        by_admin,
        of_other,
    ]
    assert (deleted.name, deleted.actor_id, deleted.caller) == (EventName.DELETED, ada.id, UNKNOWN)
