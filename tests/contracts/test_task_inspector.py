from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol

import anyio
import pytest

from internal.application.audited_task_inspector import AuditedTaskInspector
from internal.domain.errors import Conflict, NotFound
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.ports.task_inspector import (
    APPLIES_TO,
    QueueNotEmpty,
    QueueNotFound,
    TaskAction,
    TaskFilter,
    TaskInspector,
    TaskNotFound,
)
from internal.ports.task_snapshots import Attempt, DayCount, TaskInfo
from internal.ports.tasks import TaskState
from tests.fakes.clock import FakeClock
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.audits import audit_on
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import PREFIX, engine_on
from tests.support.taskqueue.inspectors import inspector_on

pytestmark = pytest.mark.anyio

STATES = [state for state in TaskState if state is not TaskState.STORED]
WAITING = [TaskState.PENDING, TaskState.SCHEDULED]
MINUTE = 60_000  # milliseconds


class Seeding(Protocol):
    """Puts tasks into queues, each of them after those before it."""

    def add(
        self,
        task_id: str,
        state: TaskState = TaskState.PENDING,
        *,
        queue: str = "default",
        name: str = "work",
        payload: Mapping[str, Any] | None = None,
        error: str = "",
        wait: int = MINUTE,
    ) -> None: ...

    def add_many(self, count: int, state: TaskState = TaskState.PENDING) -> None: ...

    def count(self, *, processed: int, failed: int) -> None:
        """As what was done today, in the queue `default`."""
        ...

    def end_cancelled(self, task_id: str) -> None: ...


@dataclass(frozen=True)
class Office:
    inspector: TaskInspector
    seeding: Seeding

    async def ids(self, state: TaskState, *, queue: str = "default") -> set[str]:
        page = await self.inspector.tasks(queue, state, size=500)
        return {task.id for task in page.tasks}


class InMemory:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.inspector = FakeTaskInspector(self.clock)

    def add(
        self,
        task_id: str,
        state: TaskState = TaskState.PENDING,
        *,
        queue: str = "default",
        name: str = "work",
        payload: Mapping[str, Any] | None = None,
        error: str = "",
        wait: int = MINUTE,
    ) -> None:
        waits = state in {TaskState.SCHEDULED, TaskState.RETRY}
        self.clock.advance(timedelta(milliseconds=2))
        now = self.clock.now()
        self.inspector.add(
            TaskInfo(
                id=task_id,
                queue=queue,
                state=state,
                name=name,
                payload=payload or {},
                published_at=now,
                due=now + timedelta(milliseconds=wait) if waits else None,
                last_error=error or None,
                last_failed_at=now if error else None,
                history=[Attempt(at=now, retries=0, error=error)] if error else [],
            )
        )

    def add_many(self, count: int, state: TaskState = TaskState.PENDING) -> None:
        for number in range(count):
            self.add(f"{number:04}", state)

    def count(self, *, processed: int, failed: int) -> None:
        self.inspector.count("default", self.clock.now().date(), processed=processed, failed=failed)

    def end_cancelled(self, task_id: str) -> None:
        self.inspector.end_cancelled()


class InRedis(Desk):
    def count(self, *, processed: int, failed: int) -> None:
        self.engine.client.sadd(f"{PREFIX}:queues", "default")
        day = int(datetime.now(UTC).timestamp()) // 86400
        self.engine.client.hset(
            f"{PREFIX}:default:stats:{day}", mapping={"processed": processed, "failed": failed}
        )

    def end_cancelled(self, task_id: str) -> None:
        [told] = self.hand.cancelled_among(self.held[task_id])
        self.end(told, Outcome(Kind.ARCHIVED, note=b'{"retries":0,"error":"cancelled"}'))


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
            yield Office(inspector, InRedis(engine))


async def test_there_are_no_queues_before_there_are_tasks(office: Office) -> None:
    assert list(await office.inspector.queues()) == []


async def test_queues_are_told_by_name_with_the_number_of_tasks_in_each_state(office: Office) -> None:
    office.seeding.add("other", queue="critical")
    for state in STATES:
        office.seeding.add(f"1-{state}", state)
    office.seeding.add("2", TaskState.ARCHIVED)

    critical, default = await office.inspector.queues()

    assert (critical.name, critical.sizes) == ("critical", {TaskState.PENDING: 1})
    assert (default.name, default.sizes) == ("default", {**dict.fromkeys(STATES, 1), TaskState.ARCHIVED: 2})
    assert default.size == 7
    assert default.memory > 0
    alone = await office.inspector.queue("critical")
    assert replace(alone, latency=critical.latency) == critical


async def test_where_nothing_is_pending_nothing_has_waited(office: Office) -> None:
    office.seeding.add("later", TaskState.SCHEDULED)

    assert (await office.inspector.queue("default")).latency == timedelta(0)


async def test_processed_tasks_are_counted_by_day(office: Office) -> None:
    office.seeding.count(processed=7, failed=2)

    days = await office.inspector.history("default", days=90)
    queue = await office.inspector.queue("default")

    today = days[0].day
    assert days[0] == DayCount(day=today, processed=7, failed=2)
    assert days[1:] == [
        DayCount(day=today - timedelta(days=ago), processed=0, failed=0) for ago in range(1, 90)
    ]
    assert (queue.processed, queue.failed) == (7, 2)


@pytest.mark.parametrize("days", [0, 91])
async def test_no_other_days_are_counted(office: Office, days: int) -> None:
    office.seeding.add("1")

    with pytest.raises(ValueError, match="days"):
        await office.inspector.history("default", days=days)


async def test_a_queue_is_paused_and_resumed_once(office: Office) -> None:
    office.seeding.add("1")

    answers = [await office.inspector.pause("default") for _ in range(2)]
    while_paused = (await office.inspector.queue("default")).is_paused
    answers += [await office.inspector.resume("default") for _ in range(2)]

    assert answers == [True, False, True, False]
    assert while_paused
    assert not (await office.inspector.queue("default")).is_paused


async def test_a_missing_queue_is_an_error(office: Office) -> None:
    inspector = office.inspector
    questions = [
        inspector.queue("none"),
        inspector.history("none", days=1),
        inspector.pause("none"),
        inspector.resume("none"),
        inspector.remove_queue("none"),
        inspector.tasks("none", TaskState.PENDING),
        inspector.tasks("none", TaskState.ACTIVE),
        anext(inspector.act_on_all(TaskAction.RUN, "none", TaskState.RETRY)),
        inspector.act_on_next(TaskAction.RUN, "none", TaskState.RETRY),
    ]

    for question in questions:
        with pytest.raises(QueueNotFound):
            await question


async def test_a_queue_without_tasks_is_removed(office: Office) -> None:
    office.seeding.add("1")
    office.seeding.count(processed=7, failed=2)
    await office.inspector.pause("default")
    await office.inspector.act(TaskAction.DELETE, "default", ["1"])

    await office.inspector.remove_queue("default")

    assert list(await office.inspector.queues()) == []
    office.seeding.add("1")
    again = await office.inspector.queue("default")
    assert (again.is_paused, again.processed, again.size) == (False, 0, 1)


@pytest.mark.parametrize("state", [state for state in STATES if state is not TaskState.ACTIVE])
async def test_a_queue_with_tasks_is_removed_only_by_force(office: Office, state: TaskState) -> None:
    office.seeding.add("1", state)

    with pytest.raises(QueueNotEmpty):
        await office.inspector.remove_queue("default")
    left = (await office.inspector.queue("default")).size
    await office.inspector.remove_queue("default", force=True)

    assert left == 1
    assert list(await office.inspector.queues()) == []


async def test_a_queue_whose_tasks_run_is_not_removed(office: Office) -> None:
    office.seeding.add("1", TaskState.ACTIVE)
    office.seeding.add("2")

    with pytest.raises(QueueNotEmpty):
        await office.inspector.remove_queue("default", force=True)

    assert (await office.inspector.queue("default")).size == 2


@pytest.mark.parametrize("state", [state for state in STATES if state is not TaskState.ACTIVE])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 500])
@pytest.mark.parametrize("newest_first", [True, False])
async def test_pages_show_every_task_once_in_order(
    office: Office, state: TaskState, size: int, *, newest_first: bool
) -> None:
    order = ["c", "a", "e", "b", "d"]
    for number, task_id in enumerate(order):
        office.seeding.add(task_id, state, wait=MINUTE * (number + 1))

    shown: list[str] = []
    sizes: list[int] = []
    cursor = None
    while cursor is not None or not sizes:
        page = await office.inspector.tasks(
            "default", state, newest_first=newest_first, size=size, cursor=cursor
        )
        shown += [task.id for task in page.tasks]
        sizes.append(len(page.tasks))
        cursor = page.next

    assert shown == (order[::-1] if newest_first else order)
    assert sizes == [size] * (5 // size) + ([5 % size] if 5 % size else [])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 10, 500])
@pytest.mark.parametrize("newest_first", [True, False])
async def test_pages_of_all_states_show_every_task_once(
    office: Office, size: int, *, newest_first: bool
) -> None:
    for state in (TaskState.ACTIVE, TaskState.COMPLETED, TaskState.ARCHIVED, *WAITING):
        for number in (1, 2) if state is not TaskState.ACTIVE else (1,):
            office.seeding.add(f"{state} {number}", state, wait=MINUTE * number)
    newest = ["pending 2", "pending 1", "active 1", "scheduled 2", "scheduled 1"]
    newest += ["archived 2", "archived 1", "completed 2", "completed 1"]

    shown: list[str] = []
    sizes: list[int] = []
    cursor = None
    while cursor is not None or not sizes:
        page = await office.inspector.tasks(
            "default", None, newest_first=newest_first, size=size, cursor=cursor
        )
        shown += [task.id for task in page.tasks]
        sizes.append(len(page.tasks))
        cursor = page.next

    assert shown == (newest if newest_first else newest[::-1])
    assert sizes == [size] * (9 // size) + ([9 % size] if 9 % size else [])


async def test_a_queue_without_tasks_has_an_empty_page(office: Office) -> None:
    office.seeding.add("1", TaskState.ARCHIVED)
    await office.inspector.act(TaskAction.DELETE, "default", ["1"])

    page = await office.inspector.tasks("default", None)

    assert (list(page.tasks), page.next) == ([], None)


async def test_a_queue_that_is_not_there_has_no_page_of_all_states(office: Office) -> None:
    with pytest.raises(QueueNotFound):
        await office.inspector.tasks("nowhere", None)


async def test_active_tasks_are_shown_once(office: Office) -> None:
    for task_id in "abcde":
        office.seeding.add(task_id, TaskState.ACTIVE)

    first = await office.inspector.tasks("default", TaskState.ACTIVE, size=3)
    rest = await office.inspector.tasks("default", TaskState.ACTIVE, size=3, cursor=first.next)

    assert sorted(task.id for task in [*first.tasks, *rest.tasks]) == list("abcde")
    assert rest.next is None


@pytest.mark.parametrize("newest_first", [True, False])
async def test_a_page_goes_on_where_the_last_ended_though_its_task_is_gone(
    office: Office, *, newest_first: bool
) -> None:
    for task_id in "abcd":
        office.seeding.add(task_id, TaskState.ARCHIVED)
    first = await office.inspector.tasks("default", TaskState.ARCHIVED, newest_first=newest_first, size=2)
    await office.inspector.act(TaskAction.DELETE, "default", [task.id for task in first.tasks])

    rest = await office.inspector.tasks(
        "default", TaskState.ARCHIVED, newest_first=newest_first, cursor=first.next
    )

    assert [task.id for task in rest.tasks] == (["b", "a"] if newest_first else ["c", "d"])


async def test_tasks_that_arrive_between_pages_move_no_page(office: Office) -> None:
    for task_id in "abcd":
        office.seeding.add(task_id)
    first = await office.inspector.tasks("default", TaskState.PENDING, size=2)
    office.seeding.add("e")

    rest = await office.inspector.tasks("default", TaskState.PENDING, size=2, cursor=first.next)

    assert [task.id for task in [*first.tasks, *rest.tasks]] == ["d", "c", "b", "a"]


@pytest.mark.parametrize(
    ("only", "shown"),
    [
        (TaskFilter(name="mail"), ["1", "2"]),
        (TaskFilter(name="mai"), []),
        (TaskFilter(payload="ADA@"), ["1", "3"]),
        (TaskFilter(payload="grüße"), ["2"]),
        (TaskFilter(error="refused"), ["2", "3"]),
        (TaskFilter(name="mail", error="Refused"), ["2"]),
        (TaskFilter(error="refused", mask=lambda error: error.replace("refused", "•")), ["3"]),
        (TaskFilter(name="mail", payload="ada", error="refused"), []),
        (TaskFilter(), ["1", "2", "3", "4"]),
    ],
)
async def test_a_filter_shows_what_fits(office: Office, only: TaskFilter, shown: list[str]) -> None:
    add = office.seeding.add
    add(
        "1", TaskState.RETRY, name="mail", payload={"to": "ada@example.com"}, error="timeout", wait=1 * MINUTE
    )
    add(
        "2",
        TaskState.RETRY,
        name="mail",
        payload={"text": "Grüße"},
        error="Connection refused",
        wait=2 * MINUTE,
    )
    add("3", TaskState.RETRY, name="sms", payload={"to": ["Ada@home"]}, error="REFUSED", wait=3 * MINUTE)
    add("4", TaskState.RETRY, name="sms", wait=4 * MINUTE)

    page = await office.inspector.tasks("default", TaskState.RETRY, newest_first=False, only=only)

    assert [task.id for task in page.tasks] == shown
    assert page.next is None


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("state", [None, TaskState.PENDING, TaskState.RETRY, TaskState.ARCHIVED])
async def test_a_filter_by_time_has_its_start_and_not_its_end(
    office: Office, state: TaskState | None, *, newest_first: bool
) -> None:
    for number in range(4):
        for added in (TaskState.PENDING, TaskState.RETRY, TaskState.ARCHIVED):
            failed = "" if added is TaskState.PENDING else "timeout"
            office.seeding.add(f"{added}{number}", added, error=failed)
    times = [
        (await office.inspector.task("default", f"{state or TaskState.PENDING}{n}")).happened_at
        for n in (1, 3)
    ]
    only = TaskFilter(since=times[0], until=times[1])

    page = await office.inspector.tasks("default", state, newest_first=newest_first, only=only)

    states = [state] if state else [TaskState.PENDING, TaskState.RETRY, TaskState.ARCHIVED]
    expected = {f"{one}{number}" for one in states for number in (1, 2)}
    assert {task.id for task in page.tasks} == expected
    assert page.next is None


async def test_a_task_that_was_archived_later_keeps_its_time(office: Office) -> None:
    for task_id in "abc":
        office.seeding.add(task_id)
    time_of_b = (await office.inspector.task("default", "b")).happened_at
    await office.inspector.act(TaskAction.ARCHIVE, "default", ["c", "a", "b"])

    page = await office.inspector.tasks("default", TaskState.ARCHIVED, only=TaskFilter(since=time_of_b))

    assert {task.id for task in page.tasks} == {"b", "c"}


async def test_an_action_on_everything_of_a_time_leaves_the_rest(office: Office) -> None:
    for task_id in "abcd":
        office.seeding.add(task_id, TaskState.ARCHIVED, error="timeout")
    time_of_c = (await office.inspector.task("default", "c")).happened_at

    step = await office.inspector.act_on_next(
        TaskAction.DELETE, "default", TaskState.ARCHIVED, only=TaskFilter(since=time_of_c)
    )

    assert (set(step.result.done), step.next) == ({"c", "d"}, None)
    assert await office.ids(TaskState.ARCHIVED) == {"a", "b"}


async def test_a_filtered_page_that_is_full_has_the_rest_behind_it(office: Office) -> None:
    for number in range(6):
        office.seeding.add(str(number), name="even" if number % 2 == 0 else "odd")
    only = TaskFilter(name="even")

    first = await office.inspector.tasks("default", TaskState.PENDING, size=2, only=only)
    rest = await office.inspector.tasks("default", TaskState.PENDING, size=2, only=only, cursor=first.next)

    assert [task.id for task in [*first.tasks, *rest.tasks]] == ["4", "2", "0"]


async def test_a_filtered_page_looks_at_a_thousand_tasks(office: Office) -> None:
    office.seeding.add("sought", name="rare")
    office.seeding.add_many(1500)
    only = TaskFilter(name="rare")

    first = await office.inspector.tasks("default", TaskState.PENDING, only=only)
    second = await office.inspector.tasks("default", TaskState.PENDING, only=only, cursor=first.next)

    assert (list(first.tasks), first.next is None, first.looked_at) == ([], False, 1000)
    assert [task.id for task in second.tasks] == ["sought"]
    assert (second.next, second.looked_at) == (None, 501)


async def test_a_filtered_page_of_all_states_looks_at_a_thousand_tasks(office: Office) -> None:
    office.seeding.add("sought", TaskState.ARCHIVED, name="rare")
    office.seeding.add_many(1500, TaskState.SCHEDULED)
    office.seeding.add("first")
    only = TaskFilter(name="rare")

    first = await office.inspector.tasks("default", None, only=only)
    second = await office.inspector.tasks("default", None, only=only, cursor=first.next)

    assert (list(first.tasks), first.next is None) == ([], False)
    assert ([task.id for task in second.tasks], second.next) == (["sought"], None)


@pytest.mark.parametrize("size", [0, 501])
async def test_no_page_has_another_size(office: Office, size: int) -> None:
    office.seeding.add("1")

    with pytest.raises(ValueError, match="size"):
        await office.inspector.tasks("default", TaskState.PENDING, size=size)


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "ß", "WyJuYW4iLCAiYSJd", "WzEsIDJd", "e30", "W1tb" * 3_000]
)
async def test_refuses_a_malformed_cursor(office: Office, cursor: str) -> None:
    office.seeding.add("1")

    for state in (TaskState.PENDING, None):
        with pytest.raises(ValueError, match="cursor"):
            await office.inspector.tasks("default", state, cursor=cursor)


async def test_a_task_is_found_by_its_id_whatever_its_state(office: Office) -> None:
    for state in STATES:
        office.seeding.add(f"in {state}", state, name=f"a {state}", payload={"number": 1})

    for state in STATES:
        task = await office.inspector.task("default", f"in {state}")
        assert (task.id, task.queue, task.state) == (f"in {state}", "default", state)
        assert (task.name, task.payload, task.raw) == (f"a {state}", {"number": 1}, None)


async def test_a_failed_task_tells_why(office: Office) -> None:
    office.seeding.add("1", TaskState.ARCHIVED, error="no")

    task = await office.inspector.task("default", "1")

    assert task.last_error == "no"
    assert [attempt.error for attempt in task.history] == ["no"]


@pytest.mark.parametrize("queue", ["default", "none"])
async def test_a_task_that_is_not_there_is_not_found(office: Office, queue: str) -> None:
    office.seeding.add("1")

    with pytest.raises(TaskNotFound):
        await office.inspector.task(queue, "2")


@pytest.mark.parametrize("action", TaskAction)
@pytest.mark.parametrize("state", STATES)
async def test_an_action_applies_to_some_states_and_is_refused_in_others(
    office: Office, action: TaskAction, state: TaskState
) -> None:
    office.seeding.add("1", state)

    result = await office.inspector.act(action, "default", ["1"])

    if state in APPLIES_TO[action]:
        assert (list(result.done), dict(result.refused)) == (["1"], {})
    else:
        assert list(result.done) == []
        assert state in result.refused["1"]
        assert (await office.inspector.task("default", "1")).state is state


@pytest.mark.parametrize("state", sorted(APPLIES_TO[TaskAction.RUN]))
async def test_a_task_that_is_run_is_pending_behind_the_others(office: Office, state: TaskState) -> None:
    office.seeding.add("waits")
    office.seeding.add("run", state)

    await office.inspector.act(TaskAction.RUN, "default", ["run"])

    page = await office.inspector.tasks("default", TaskState.PENDING, newest_first=False)
    assert [task.id for task in page.tasks] == ["waits", "run"]
    assert await office.ids(state) == set()


async def test_archives_and_deletes_by_state(office: Office) -> None:
    for state in WAITING:
        office.seeding.add(f"{state} 1", state)
        office.seeding.add(f"{state} 2", state)

    await office.inspector.act(TaskAction.ARCHIVE, "default", ["pending 1", "scheduled 1"])
    await office.inspector.act(TaskAction.DELETE, "default", ["pending 2", "scheduled 1"])

    assert (await office.inspector.queue("default")).sizes == {TaskState.SCHEDULED: 1, TaskState.ARCHIVED: 1}
    assert await office.ids(TaskState.ARCHIVED) == {"pending 1"}
    assert (await office.inspector.task("default", "pending 1")).expires_at is not None


async def test_a_task_that_is_cancelled_is_told_to_stop_and_archived_when_it_has(office: Office) -> None:
    office.seeding.add("1", TaskState.ACTIVE)

    await office.inspector.act(TaskAction.CANCEL, "default", ["1"])
    told = await office.inspector.task("default", "1")
    office.seeding.end_cancelled("1")
    ended = await office.inspector.task("default", "1")

    assert (told.state, told.is_cancelled) == (TaskState.ACTIVE, True)
    assert (ended.state, ended.is_cancelled) == (TaskState.ARCHIVED, False)


async def test_the_tasks_of_an_action_fare_each_for_itself(office: Office) -> None:
    office.seeding.add("archived", TaskState.ARCHIVED)
    office.seeding.add("active", TaskState.ACTIVE)

    result = await office.inspector.act(
        TaskAction.DELETE, "default", ["active", "archived", "missing", "archived"]
    )

    assert list(result.done) == ["archived"]
    assert set(result.refused) == {"active", "missing"}


async def test_an_action_in_a_queue_that_does_not_exist_finds_no_task(office: Office) -> None:
    result = await office.inspector.act(TaskAction.DELETE, "none", ["1"])

    assert (list(result.done), set(result.refused)) == ([], {"1"})


async def test_no_action_is_on_more_than_five_hundred(office: Office) -> None:
    office.seeding.add_many(501)

    with pytest.raises(ValueError, match="500"):
        await office.inspector.act(TaskAction.DELETE, "default", [f"{number:04}" for number in range(501)])

    assert (await office.inspector.queue("default")).size == 501


async def test_five_hundred_at_once(office: Office) -> None:
    office.seeding.add_many(500, TaskState.SCHEDULED)

    result = await office.inspector.act(TaskAction.RUN, "default", [f"{number:04}" for number in range(500)])

    assert len(result.done) == 500
    assert (await office.inspector.queue("default")).sizes == {TaskState.PENDING: 500}


@pytest.mark.parametrize(
    ("action", "state"),
    [(action, state) for action in TaskAction for state in sorted(APPLIES_TO[action])],
)
async def test_an_action_on_all_leaves_none_in_the_state(
    office: Office, action: TaskAction, state: TaskState
) -> None:
    for task_id in "cab":
        office.seeding.add(task_id, state)
    other = TaskState.COMPLETED if state is not TaskState.COMPLETED else TaskState.ARCHIVED
    office.seeding.add("other", other)

    done = [
        task_id
        async for result in office.inspector.act_on_all(action, "default", state)
        for task_id in result.done
    ]

    assert sorted(done) == ["a", "b", "c"]
    assert "other" in await office.ids(other)
    if action is not TaskAction.CANCEL:
        assert await office.ids(state) <= {"other"}


async def test_an_action_on_all_goes_in_batches(office: Office) -> None:
    office.seeding.add_many(250)

    batches = [
        len(result.done)
        async for result in office.inspector.act_on_all(TaskAction.DELETE, "default", TaskState.PENDING)
    ]

    assert len(batches) > 1
    assert sum(batches) == 250


async def test_an_action_on_all_that_fit_leaves_the_others(office: Office) -> None:
    for number in range(6):
        office.seeding.add(str(number), TaskState.ARCHIVED, name="even" if number % 2 == 0 else "odd")

    found = office.inspector.act_on_all(
        TaskAction.RUN, "default", TaskState.ARCHIVED, only=TaskFilter(name="even")
    )
    done = [task_id async for result in found for task_id in result.done]

    assert sorted(done) == ["0", "2", "4"]
    assert await office.ids(TaskState.ARCHIVED) == {"1", "3", "5"}


@pytest.mark.parametrize(
    ("action", "state"),
    [(action, state) for action in TaskAction for state in STATES if state not in APPLIES_TO[action]],
)
async def test_an_action_that_does_not_fit_the_state_does_not_start(
    office: Office, action: TaskAction, state: TaskState
) -> None:
    office.seeding.add("1", state)

    with pytest.raises(Conflict):
        await anext(office.inspector.act_on_all(action, "default", state))

    assert await office.ids(state) == {"1"}


async def test_an_action_in_steps_acts_on_every_task_once(office: Office) -> None:
    office.seeding.add_many(2100)
    steps = [await office.inspector.act_on_next(TaskAction.ARCHIVE, "default", TaskState.PENDING)]

    while steps[-1].next is not None:
        steps.append(
            await office.inspector.act_on_next(
                TaskAction.ARCHIVE, "default", TaskState.PENDING, cursor=steps[-1].next
            )
        )

    done = [task_id for step in steps for task_id in step.result.done]
    assert done == [f"{number:04}" for number in range(2100)]
    assert max(step.looked_at for step in steps) <= 1000
    assert sum(step.looked_at for step in steps) == 2100


async def test_a_step_looks_at_tasks_that_do_not_fit_and_leaves_them(office: Office) -> None:
    for number in range(4):
        office.seeding.add(str(number), TaskState.ARCHIVED, name="even" if number % 2 == 0 else "odd")

    step = await office.inspector.act_on_next(
        TaskAction.RUN, "default", TaskState.ARCHIVED, only=TaskFilter(name="even")
    )

    assert (list(step.result.done), step.looked_at, step.next) == (["0", "2"], 4, None)
    assert await office.ids(TaskState.ARCHIVED) == {"1", "3"}


async def test_an_action_in_steps_leaves_tasks_that_arrived_after_its_first_step(office: Office) -> None:
    office.seeding.add_many(1200)
    first = await office.inspector.act_on_next(TaskAction.DELETE, "default", TaskState.PENDING)
    office.seeding.add("late")

    cursor = first.next
    while cursor is not None:
        step = await office.inspector.act_on_next(
            TaskAction.DELETE, "default", TaskState.PENDING, cursor=cursor
        )
        cursor = step.next

    assert await office.ids(TaskState.PENDING) == {"late"}


async def test_a_step_in_an_empty_state_is_the_last(office: Office) -> None:
    office.seeding.add("1")

    step = await office.inspector.act_on_next(TaskAction.RUN, "default", TaskState.ARCHIVED)

    assert (list(step.result.done), dict(step.result.refused), step.looked_at, step.next) == ([], {}, 0, None)


async def test_a_step_that_does_not_fit_the_state_does_not_start(office: Office) -> None:
    office.seeding.add("1")

    with pytest.raises(Conflict):
        await office.inspector.act_on_next(TaskAction.RUN, "default", TaskState.PENDING)


@pytest.mark.parametrize("cursor", ["", "nonsense", ".", "ß.ß"])
async def test_a_step_refuses_a_malformed_cursor(office: Office, cursor: str) -> None:
    office.seeding.add("1")

    with pytest.raises(ValueError, match="cursor"):
        await office.inspector.act_on_next(TaskAction.DELETE, "default", TaskState.PENDING, cursor=cursor)


async def test_there_are_no_workers_and_no_periodic_tasks_of_themselves(office: Office) -> None:
    assert list(await office.inspector.workers()) == []
    assert list(await office.inspector.schedules()) == []
    with pytest.raises(NotFound):
        await office.inspector.schedule_history("none")


async def test_due_tasks_are_counted_by_minute(office: Office) -> None:
    office.seeding.add("soon", TaskState.SCHEDULED, wait=5 * MINUTE)
    office.seeding.add("soon-too", TaskState.RETRY, queue="low", wait=5 * MINUTE)
    office.seeding.add("much-later", TaskState.SCHEDULED, wait=60 * MINUTE)
    office.seeding.add("overdue", TaskState.RETRY, wait=20)
    await anyio.sleep(0.03)

    due = await office.inspector.due()

    assert len(due) == 15
    assert {later.begins - earlier.begins for earlier, later in pairwise(due)} == {timedelta(minutes=1)}
    assert due[0].begins.second == due[0].begins.microsecond == 0
    # The minute may have ended in between.
    assert (due[0].scheduled, sum(minute.retry for minute in due[:2])) == (0, 1)
    assert [sum(minute.scheduled for minute in due[4:7]), sum(minute.retry for minute in due[4:7])] == [1, 1]
    assert sum(minute.scheduled + minute.retry for minute in due) == 3
