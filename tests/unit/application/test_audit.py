"""The records of an operator's actions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Generic, Protocol, cast

import pytest

from internal.application.audit import MOST_IDS
from internal.application.audited_outbox_inspector import AuditedOutboxInspector
from internal.application.audited_task_inspector import AuditedTaskInspector
from internal.domain.security_event import EventName, Result
from internal.ports.outbox_inspector import OutboxAction, OutboxInspector, OutboxState
from internal.ports.task_inspector import ActionResult, QueueNotFound, TaskAction, TaskFilter, TaskInspector
from internal.ports.task_snapshots import ScheduleInfo, WorkerInfo
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.outbox_inspector import FakeOutboxInspector
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.audits import ADA, audit_on
from tests.support.callers import CALLER
from tests.support.operator_terminal import a_task

pytestmark = pytest.mark.anyio

READ_TASKS = {
    "queues",
    "queue",
    "history",
    "statistics",
    "due",
    "tasks",
    "task",
    "workers",
    "schedules",
    "schedule_history",
    "failures",
    "failure",
    "failed_tasks",
}
READ_OUTBOX = {"stats", "rows", "row"}

WORKER = WorkerInfo(
    id="desk:1",
    host="desk",
    pid=1,
    started_at=NOON,
    heard_at=NOON,
    concurrency=1,
    queues={"default": 1},
    is_strict=False,
    is_draining=False,
    running=[],
)
SCHEDULE = ScheduleInfo(
    name="nightly", spec="0 3 * * *", time_zone="UTC", task_name="x", queue="low", last=None, next=None
)

Act = Callable[[Any], Awaitable[Any]]


async def every(batches: AsyncIterator[ActionResult]) -> None:
    async for _ in batches:
        pass


# Each method that changes something: a call, and the event that it leaves.
TASK_ACTIONS: Mapping[str, tuple[Act, EventName]] = {
    "pause": (lambda tasks: tasks.pause("default"), EventName.TASKS_PAUSE_QUEUE),
    "quiet_worker": (lambda tasks: tasks.quiet_worker("desk:1"), EventName.TASKS_QUIET_WORKER),
    "resume_worker": (lambda tasks: tasks.resume_worker("desk:1"), EventName.TASKS_RESUME_WORKER),
    "run_schedule": (lambda tasks: tasks.run_schedule("nightly"), EventName.TASKS_RUN_SCHEDULE),
    "pause_schedule": (lambda tasks: tasks.pause_schedule("nightly"), EventName.TASKS_PAUSE_SCHEDULE),
    "resume_schedule": (lambda tasks: tasks.resume_schedule("nightly"), EventName.TASKS_RESUME_SCHEDULE),
    "resume": (lambda tasks: tasks.resume("default"), EventName.TASKS_RESUME_QUEUE),
    "remove_queue": (lambda tasks: tasks.remove_queue("default", force=True), EventName.TASKS_REMOVE_QUEUE),
    "act": (lambda tasks: tasks.act(TaskAction.ARCHIVE, "default", ["1"]), EventName.TASKS_ARCHIVE),
    "act_on_all": (
        lambda tasks: every(tasks.act_on_all(TaskAction.DELETE, "default", TaskState.PENDING)),
        EventName.TASKS_DELETE,
    ),
    "act_on_next": (
        lambda tasks: tasks.act_on_next(TaskAction.RUN, "default", TaskState.RETRY),
        EventName.TASKS_RUN,
    ),
    "act_on_failures": (
        lambda tasks: tasks.act_on_failures(TaskAction.DELETE, "a1b2c3d4e5f6"),
        EventName.TASKS_DELETE,
    ),
}
OUTBOX_ACTIONS: Mapping[str, tuple[Act, EventName]] = {
    "act": (lambda outbox: outbox.act(OutboxAction.REDRIVE, ["1"]), EventName.TASKS_REDRIVE),
    "act_on_all": (
        lambda outbox: every(outbox.act_on_all(OutboxAction.DISCARD, OutboxState.WAITING)),
        EventName.TASKS_DISCARD,
    ),
}


class Site:
    def __init__(self, *, is_away: bool = False) -> None:
        self.trail = FakeAuditTrail(is_away=is_away)
        self.fake = FakeTaskInspector(FakeClock(), batch=2)
        self.tasks = AuditedTaskInspector(self.fake, audit=audit_on(self.trail))
        self.outbox = AuditedOutboxInspector(
            FakeOutboxInspector(FakeClock(), batch=2), audit=audit_on(self.trail)
        )
        self.fake.add(*(a_task(str(number)) for number in range(5)))
        self.fake.add_worker(WORKER)
        self.fake.add_schedule(SCHEDULE)

    @property
    def details(self) -> Mapping[str, str]:
        [entry] = self.trail.entries
        return entry.details


@pytest.fixture
def site() -> Site:
    return Site()


def methods(port: type) -> set[str]:
    inherited = [base for base in port.__mro__ if base not in {object, Protocol, Generic}]
    return {name for base in inherited for name in vars(base) if not name.startswith("_")}


def test_every_method_of_the_ports_either_reads_or_is_an_action_that_is_tested_here() -> None:
    """A new method that acts needs a line in the decorator, an EventName and a line above."""
    assert methods(TaskInspector) == READ_TASKS | TASK_ACTIONS.keys()
    assert methods(OutboxInspector) == READ_OUTBOX | OUTBOX_ACTIONS.keys()
    assert methods(AuditedTaskInspector) == TASK_ACTIONS.keys()
    assert methods(AuditedOutboxInspector) == OUTBOX_ACTIONS.keys()


@pytest.mark.parametrize("name", TASK_ACTIONS)
async def test_an_action_on_tasks_is_recorded_before_it_begins_and_with_its_result(
    site: Site, name: str
) -> None:
    act, event = TASK_ACTIONS[name]

    await act(site.tasks)

    [begun], [entry] = site.trail.begun, site.trail.entries
    assert (begun.name, begun.result, begun.details["outcome"]) == (event, Result.FAILURE, "unfinished")
    assert (entry.name, entry.result, entry.details["outcome"]) == (event, Result.SUCCESS, "done")
    assert (entry.operator, entry.actor_id, entry.caller) == (ADA, None, CALLER)
    assert {"default", "desk:1", "nightly", "a1b2c3d4e5f6"} & {*entry.details.values()}


@pytest.mark.parametrize("name", OUTBOX_ACTIONS)
async def test_an_action_on_the_outbox_is_recorded(site: Site, name: str) -> None:
    act, event = OUTBOX_ACTIONS[name]

    await act(site.outbox)

    assert [entry.name for entry in site.trail.entries] == [event]


@pytest.mark.parametrize("name", TASK_ACTIONS)
async def test_an_action_that_cannot_be_recorded_is_not_done(name: str) -> None:
    site = Site(is_away=True)
    before = site.fake.known("default")

    with pytest.raises(Unavailable):
        await TASK_ACTIONS[name][0](site.tasks)

    assert site.fake.known("default") == before


async def test_an_action_that_changes_nothing_says_so(site: Site) -> None:
    await site.tasks.resume("default")

    assert site.details == {"queue": "default", "changed": "no", "outcome": "done"}


async def test_lists_the_tasks_and_what_was_refused(site: Site) -> None:
    await site.tasks.act(TaskAction.ARCHIVE, "default", ["1", "2", "gone"])

    assert site.details == {
        "queue": "default",
        "tasks": "3",
        "ids": "1 2 gone",
        "done": "2",
        "refused": "1",
        "refused_ids": "gone",
        "outcome": "done",
    }


async def test_an_action_that_was_refused_as_a_whole_failed(site: Site) -> None:
    await site.tasks.act(TaskAction.CANCEL, "default", ["1"])

    assert site.trail.entries[0].result is Result.FAILURE
    assert site.details["outcome"] == "refused"


async def test_lists_a_hundred_ids_and_counts_the_others(site: Site) -> None:
    await site.tasks.act(TaskAction.RUN, "default", [f"id-{number}" for number in range(500)])

    assert site.details["tasks"] == site.details["refused"] == "500"
    assert len(site.details["ids"].split()) == len(site.details["refused_ids"].split()) == MOST_IDS


async def test_an_action_on_all_has_its_filter_without_its_texts_and_its_totals(site: Site) -> None:
    only = TaskFilter(name="email:welcome", payload="ada@example.com", error="ada@example.com")

    await every(site.tasks.act_on_all(TaskAction.ARCHIVE, "default", TaskState.PENDING, only=only))

    assert site.details == {
        "queue": "default",
        "state": "pending",
        "name": "email:welcome",
        "payload": "(not recorded)",
        "error": "(not recorded)",
        "done": "0",
        "refused": "0",
        "outcome": "done",
    }


async def test_an_action_that_fails_says_why(site: Site) -> None:
    with pytest.raises(QueueNotFound):
        await site.tasks.pause("none")

    assert site.trail.entries[0].result is Result.FAILURE
    assert site.details["outcome"] == "QUEUE_NOT_FOUND"


async def test_an_action_on_all_that_is_left_in_the_middle_has_what_it_did(site: Site) -> None:
    batches = site.tasks.act_on_all(TaskAction.ARCHIVE, "default", TaskState.PENDING)

    async with aclosing(cast("Any", batches)):
        await anext(batches)

    assert (site.details["outcome"], site.details["done"]) == ("interrupted", "2")
    assert site.trail.entries[0].result is Result.FAILURE


async def test_an_action_that_is_cancelled_is_recorded(site: Site) -> None:
    begun = asyncio.Event()

    async def act() -> None:
        async for _ in site.tasks.act_on_all(TaskAction.ARCHIVE, "default", TaskState.PENDING):
            begun.set()
            await asyncio.sleep(60)

    acting = asyncio.create_task(act())
    await begun.wait()
    acting.cancel()
    await asyncio.gather(acting, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()

    assert (site.details["outcome"], site.details["done"]) == ("interrupted", "2")


async def test_a_result_that_cannot_be_recorded_fails_no_action(site: Site) -> None:
    class Leaving(FakeTaskInspector):
        async def pause(self, name: str) -> bool:
            site.trail.is_away = True
            return await super().pause(name)

    fake = Leaving(FakeClock())
    fake.add_queue("default")

    assert await AuditedTaskInspector(fake, audit=audit_on(site.trail)).pause("default")
    assert site.details["outcome"] == "unfinished"


async def test_a_name_is_cut_and_has_no_character_that_the_store_refuses(site: Site) -> None:
    with pytest.raises(QueueNotFound):
        await site.tasks.pause("\x00\ud800\u202e" + "x" * 1_000_000)

    assert site.details["queue"] == "���" + "x" * 197
