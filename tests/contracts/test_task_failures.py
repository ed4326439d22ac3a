"""The part of the TaskInspector that groups failed tasks and acts on groups."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import pytest

from internal.application.audited_task_inspector import AuditedTaskInspector
from internal.domain.errors import Conflict
from internal.infrastructure.taskqueue.protocol.failure_mark import mark_of
from internal.ports.task_failures import FailureGroupNotFound
from internal.ports.task_inspector import TaskAction, TaskInspector
from internal.ports.task_snapshots import Failure, TaskInfo
from internal.ports.tasks import TaskState
from tests.fakes.clock import FakeClock
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.audits import audit_on
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import engine_on
from tests.support.taskqueue.inspectors import inspector_on

pytestmark = pytest.mark.anyio

REFUSED = "SMTPError: connection refused"
FRAME = "internal/email/smtp.py in Sender.send"


class Seeding(Protocol):
    def add(
        self,
        task_id: str,
        state: TaskState = TaskState.RETRY,
        *,
        queue: str = "default",
        name: str = "mail",
        error: str = REFUSED,
        frame: str = FRAME,
    ) -> None:
        """Add a task that failed with this error; without one, a task that has not failed."""
        ...


class InMemory:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.inspector = FakeTaskInspector(self.clock)

    def add(
        self,
        task_id: str,
        state: TaskState = TaskState.RETRY,
        *,
        queue: str = "default",
        name: str = "mail",
        error: str = REFUSED,
        frame: str = FRAME,
    ) -> None:
        self.clock.advance(timedelta(milliseconds=2))
        failed_at = self.clock.now()
        self.inspector.add(
            TaskInfo(
                id=task_id,
                queue=queue,
                state=state,
                name=name,
                last_error=error or None,
                last_failed_at=failed_at if error else None,
                failure=failure(name, error, frame) if error else None,
            )
        )


@dataclass(frozen=True)
class InRedis:
    desk: Desk

    def add(
        self,
        task_id: str,
        state: TaskState = TaskState.RETRY,
        *,
        queue: str = "default",
        name: str = "mail",
        error: str = REFUSED,
        frame: str = FRAME,
    ) -> None:
        self.desk.add(task_id, state, queue=queue, name=name, error=error, frame=frame)


@dataclass(frozen=True)
class Office:
    inspector: TaskInspector
    seeding: Seeding

    async def act(self, action: TaskAction, fingerprint: str) -> Counter[str]:
        """Take all steps, and count how often each id was done."""
        done: Counter[str] = Counter()
        step = await self.inspector.act_on_failures(action, fingerprint)
        done.update(step.result.done)
        while step.next:
            step = await self.inspector.act_on_failures(action, fingerprint, cursor=step.next)
            done.update(step.result.done)
        return done

    async def states(self, queue: str = "default") -> dict[str, TaskState]:
        page = await self.inspector.tasks(queue, None, size=500)
        return {task.id: task.state for task in page.tasks}


def failure(name: str = "mail", error: str = REFUSED, frame: str = FRAME) -> Failure:
    mark = mark_of(name, error.partition(":")[0], frame)
    return Failure(
        fingerprint=mark.fingerprint, task_name=mark.task_name, error_type=mark.error_type, frame=mark.frame
    )


MAIL = failure().fingerprint


@pytest.fixture(params=["fake", "audited", "redis"])
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    if request.param == "fake":
        memory = InMemory()
        yield Office(memory.inspector, memory)
        return
    if request.param == "audited":
        memory = InMemory()
        yield Office(AuditedTaskInspector(memory.inspector, audit=audit_on()), memory)
        return
    redis_url: str = request.getfixturevalue("redis_url")
    with engine_on(redis_url) as engine:
        async with inspector_on(redis_url) as inspector:
            yield Office(inspector, InRedis(Desk(engine)))


async def test_without_failures_there_are_no_groups(office: Office) -> None:
    office.seeding.add("waits", TaskState.PENDING, error="")
    office.seeding.add("done", TaskState.COMPLETED, error="")

    found = await office.inspector.failures()

    assert (list(found.groups), found.looked_at, found.total) == ([], 0, 0)


async def test_failures_are_grouped_by_task_error_and_place(office: Office) -> None:
    office.seeding.add("1", TaskState.ARCHIVED)
    office.seeding.add("2", error="SMTPError: mailbox full")
    office.seeding.add("3", queue="low")
    office.seeding.add("other-task", name="bill")
    office.seeding.add("other-error", error="ValueError: no")
    office.seeding.add("other-place", frame="internal/email/smtp.py in Sender.open")

    found = await office.inspector.failures()

    assert [group.count for group in found.groups] == [3, 1, 1, 1]
    assert (found.looked_at, found.total) == (6, 6)
    mail, *others = found.groups
    assert mail.failure == failure()
    assert (mail.retry, mail.archived, mail.queue, mail.task_id) == (2, 1, "low", "3")
    assert len(mail.times) == mail.count
    assert mail.first_seen < mail.times[1] < mail.last_seen
    assert mail.error == REFUSED
    assert {group.task_id for group in others} == {"other-task", "other-error", "other-place"}
    assert await office.inspector.failure(MAIL) == mail


async def test_a_missing_group_is_an_error(office: Office) -> None:
    with pytest.raises(FailureGroupNotFound):
        await office.inspector.failure("none")


async def test_the_tasks_of_a_group_come_page_by_page(office: Office) -> None:
    for number in range(5):
        state = TaskState.ARCHIVED if number % 2 else TaskState.RETRY
        office.seeding.add(f"mail-{number}", state, queue="low" if number % 3 else "default")
        office.seeding.add(f"bill-{number}", name="bill")

    pages = [await office.inspector.failed_tasks(MAIL, size=2)]
    while pages[-1].next:
        pages.append(await office.inspector.failed_tasks(MAIL, size=2, cursor=pages[-1].next))

    assert [[task.id for task in page.tasks] for page in pages] == [
        ["mail-4", "mail-3"],
        ["mail-2", "mail-1"],
        ["mail-0"],
    ]
    tasks = [task for page in pages for task in page.tasks]
    assert {task.failure for task in tasks} == {failure()}
    assert [task.state for task in tasks[:2]] == [TaskState.RETRY, TaskState.ARCHIVED]
    assert [task.queue for task in tasks] == ["low", "default", "low", "low", "default"]
    assert {task.last_error for task in tasks} == {REFUSED}


async def test_a_page_of_an_unknown_group_is_empty(office: Office) -> None:
    page = await office.inspector.failed_tasks("none")

    assert (list(page.tasks), page.next) == ([], None)


@pytest.mark.parametrize("size", [0, 501])
async def test_no_other_sizes_of_pages(office: Office, size: int) -> None:
    with pytest.raises(ValueError, match="size"):
        await office.inspector.failed_tasks(MAIL, size=size)


async def test_cursors_of_other_lists_are_refused(office: Office) -> None:
    office.seeding.add("1")

    with pytest.raises(ValueError, match="cursor"):
        await office.inspector.failed_tasks(MAIL, cursor="else")
    with pytest.raises(ValueError, match="cursor"):
        await office.inspector.act_on_failures(TaskAction.RUN, MAIL, cursor="else")


@pytest.mark.parametrize(
    ("action", "becomes"), [(TaskAction.RUN, TaskState.PENDING), (TaskAction.DELETE, None)]
)
async def test_an_action_on_a_group_leaves_the_others(
    office: Office, action: TaskAction, becomes: TaskState | None
) -> None:
    office.seeding.add("1", TaskState.ARCHIVED)
    office.seeding.add("2")
    office.seeding.add("other", name="bill")
    office.seeding.add("3", queue="low")

    done = await office.act(action, MAIL)

    assert done == {"1": 1, "2": 1, "3": 1}
    states = {**await office.states(), **await office.states("low")}
    assert states.pop("other") is TaskState.RETRY
    assert states == ({} if becomes is None else dict.fromkeys("123", becomes))
    assert [group.failure.task_name for group in (await office.inspector.failures()).groups] == ["bill"]


async def test_archiving_a_group_leaves_what_is_archived(office: Office) -> None:
    office.seeding.add("1", TaskState.ARCHIVED)
    office.seeding.add("2")

    done = await office.act(TaskAction.ARCHIVE, MAIL)

    assert done == {"2": 1}
    group = await office.inspector.failure(MAIL)
    assert (group.retry, group.archived) == (0, 2)


async def test_failed_tasks_cannot_be_cancelled(office: Office) -> None:
    office.seeding.add("1")

    with pytest.raises(Conflict):
        await office.inspector.act_on_failures(TaskAction.CANCEL, MAIL)


async def test_an_action_on_no_task_does_nothing(office: Office) -> None:
    assert await office.act(TaskAction.RUN, MAIL) == {}


async def test_a_task_that_was_archived_without_a_failure_is_in_no_group(office: Office) -> None:
    office.seeding.add("1", TaskState.PENDING, error="")
    await office.inspector.act(TaskAction.ARCHIVE, "default", ["1"])

    found = await office.inspector.failures()
    assert (list(found.groups), found.looked_at, found.total) == ([], 1, 1)
