"""What operators see, where only Redis can tell: times, orders, sizes, records; and what each look costs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis.asyncio

from internal.infrastructure.taskqueue.connections.connection import connect
from internal.infrastructure.taskqueue.delivery.outcomes import RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.inspection.inspector import RedisTaskInspector
from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.task_inspector import TaskAction, TaskFilter
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable
from tests.support.taskqueue.desk import HOUR, Desk
from tests.support.taskqueue.engine import PREFIX, Engine, engine_on
from tests.support.taskqueue.inspectors import inspector_on

pytestmark = pytest.mark.anyio

PLACES = 1024  # in line, of each millisecond
TEN_SECONDS = timedelta(seconds=10)


@pytest.fixture
def desk(redis_url: str) -> Iterator[Desk]:
    with engine_on(redis_url) as engine:
        yield Desk(engine)


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[redis.asyncio.Redis]:
    async with connect(redis_url) as client:
        yield client


@pytest.fixture
async def inspector(redis_url: str) -> AsyncIterator[RedisTaskInspector]:
    async with inspector_on(redis_url) as inspector:
        yield inspector


def age(engine: Engine, task_id: str, by: timedelta, *, set_name: str = "pending") -> None:
    """As if the task had come to wait so much earlier."""
    places = -by / timedelta(milliseconds=1) * PLACES
    engine.client.zincrby(f"{PREFIX}:default:{set_name}", places, task_id)


async def latency(inspector: RedisTaskInspector) -> timedelta:
    return (await inspector.queue("default")).latency


async def test_the_oldest_pending_task_tells_how_long_it_waits(
    desk: Desk, inspector: RedisTaskInspector
) -> None:
    desk.engine.publish("old", "young")
    age(desk.engine, "old", TEN_SECONDS)

    assert TEN_SECONDS <= await latency(inspector) < 2 * TEN_SECONDS
    assert desk.engine.line() == ["old", "young"]


@pytest.mark.parametrize("state", ["scheduled", "retry"])
async def test_the_latency_of_a_due_task_starts_when_it_is_pending(
    desk: Desk, inspector: RedisTaskInspector, state: str
) -> None:
    desk.add("old", TaskState(state))
    desk.engine.make_due("old", state=state)  # in 1970

    desk.hand.turn()

    assert desk.engine.states() == {"old": "pending"}
    assert await latency(inspector) < TEN_SECONDS


@pytest.mark.parametrize("state", [TaskState.SCHEDULED, TaskState.RETRY, TaskState.ARCHIVED])
async def test_the_latency_of_a_task_that_an_operator_runs_starts_then(
    desk: Desk, inspector: RedisTaskInspector, state: TaskState
) -> None:
    desk.add("run", state)
    await inspector.act(TaskAction.RUN, "default", ["run"])
    age(desk.engine, "run", TEN_SECONDS)

    assert TEN_SECONDS <= await latency(inspector) < 2 * TEN_SECONDS


async def test_a_task_that_is_handed_back_has_the_latency_of_the_task_behind_it(
    desk: Desk, inspector: RedisTaskInspector
) -> None:
    desk.add("released", TaskState.ACTIVE)
    desk.engine.publish("waits")
    age(desk.engine, "waits", TEN_SECONDS)

    desk.end("released", RELEASED)

    assert desk.engine.line() == ["released", "waits"]
    assert TEN_SECONDS <= await latency(inspector) < 2 * TEN_SECONDS


async def test_a_suspect_waits_since_its_last_worker_died(desk: Desk, inspector: RedisTaskInspector) -> None:
    desk.add("suspect", TaskState.ACTIVE)
    desk.engine.let_worker_die("suspect", times=2)
    desk.hand.turn()
    age(desk.engine, "suspect", TEN_SECONDS, set_name="suspects")

    assert TEN_SECONDS <= await latency(inspector) < 2 * TEN_SECONDS


async def test_suspects_are_pending_tasks_among_the_others(desk: Desk, inspector: RedisTaskInspector) -> None:
    desk.add("first")
    desk.add("suspect", TaskState.ACTIVE)
    desk.engine.let_worker_die("suspect", times=2)
    desk.hand.turn()
    desk.add("last")

    page = await inspector.tasks("default", TaskState.PENDING, size=2)
    rest = await inspector.tasks("default", TaskState.PENDING, size=2, cursor=page.next)

    assert desk.engine.states()["suspect"] == "suspects"
    assert [task.id for task in [*page.tasks, *rest.tasks]] == ["last", "suspect", "first"]
    assert (await inspector.queue("default")).sizes == {TaskState.PENDING: 3}


async def test_a_task_tells_everything_that_is_known_of_it(desk: Desk, inspector: RedisTaskInspector) -> None:
    desk.add("1", TaskState.ACTIVE, payload={"to": "ada"}, options={"headers": {"a": "b"}, "retention": HOUR})
    for retries in range(2):
        note = f'{{"retries":{retries},"error":"no {retries}"}}'.encode()
        await asyncio.sleep(0.002)
        changed = desk.held["1"].copy(options={"retries": retries + 1}).encode()
        desk.end("1", Outcome(Kind.RETRY, 0, note=note, message=changed))
        [desk.held["1"]] = desk.hand.fetch()
    desk.end("1", Outcome(Kind.DONE, HOUR, note=b'{"sent":true}'))

    task = await inspector.task("default", "1")

    assert (task.state, task.name, task.payload) == (TaskState.COMPLETED, "work", {"to": "ada"})
    assert (task.retries, task.max_retries, task.timeout) == (2, 25, timedelta(minutes=1))
    assert (task.headers, task.retention) == ({"a": "b"}, timedelta(hours=1))
    assert [(attempt.retries, attempt.error) for attempt in task.history] == [(0, "no 0"), (1, "no 1")]
    assert (task.last_error, task.last_failed_at) == ("no 1", task.history[-1].at)
    assert task.result == {"sent": True}
    assert task.completed_at is not None
    assert task.expires_at == task.completed_at + timedelta(hours=1)
    now = datetime.now(UTC)
    for moment in (task.published_at, task.completed_at, task.history[0].at):
        assert moment is not None
        assert abs(now - moment) < timedelta(minutes=1)


async def test_a_page_tells_the_last_attempt_only(desk: Desk, inspector: RedisTaskInspector) -> None:
    desk.add("1", TaskState.RETRY, error="first", wait=0)
    [desk.held["1"]] = desk.hand.fetch()
    desk.end("1", Outcome(Kind.RETRY, HOUR, note=b'{"retries":1,"error":"second"}'))

    [task] = (await inspector.tasks("default", TaskState.RETRY)).tasks

    assert (task.last_error, [attempt.error for attempt in task.history]) == ("second", ["second"])
    assert task.due is not None
    assert abs(task.due - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)


async def test_an_active_task_tells_who_has_it(desk: Desk, inspector: RedisTaskInspector) -> None:
    desk.engine.publish("1", deadline=HOUR)
    desk.take("1")
    held = await inspector.task("default", "1")
    desk.engine.make_due("1", state="active")
    left = await inspector.task("default", "1")

    assert held.worker == desk.hand.session.worker_id
    assert held.deadline is not None
    assert abs(held.deadline - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)
    assert (held.is_orphaned, left.is_orphaned) == (False, True)


async def test_a_message_that_cannot_be_read_is_shown_as_it_is(
    desk: Desk, inspector: RedisTaskInspector
) -> None:
    desk.engine.call(scripts.PUBLISH, [("default", "1", scripts.text(b"\xff garbage"), 0, -1, {})])
    fetched = desk.hand.turn(total=1)
    desk.hand.turn(fetched.unreadable)

    task = await inspector.task("default", "1")
    [shown] = (await inspector.tasks("default", TaskState.ARCHIVED)).tasks

    assert (task.state, task.raw, task.payload, task.name) == (
        TaskState.ARCHIVED,
        b"\xff garbage",
        None,
        None,
    )
    assert "cannot be read" in (task.last_error or "")
    assert shown.raw == task.raw
    assert (await inspector.act(TaskAction.DELETE, "default", ["1"])).done == ["1"]


async def test_completed_tasks_are_in_the_order_of_their_ends_not_of_their_retention(
    desk: Desk, inspector: RedisTaskInspector
) -> None:
    for task_id, keep_for in (("first", 2 * HOUR), ("second", HOUR), ("third", 3 * HOUR)):
        desk.add(task_id, TaskState.COMPLETED, wait=keep_for)

    page = await inspector.tasks("default", TaskState.COMPLETED, newest_first=False)

    assert [task.id for task in page.tasks] == ["first", "second", "third"]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("gone", [True, False])
async def test_tasks_of_one_moment_are_paged_through_one_by_one(
    desk: Desk, inspector: RedisTaskInspector, *, newest_first: bool, gone: bool
) -> None:
    ids = ["Z", "a", "a b", "aa", "z", "ß", "🦉"]  # in the order of their bytes
    desk.engine.publish(*ids, delay=HOUR)
    for task_id in ids:
        desk.engine.client.zadd(f"{PREFIX}:default:scheduled", {task_id: 9_000_000_000_000})

    shown: list[str] = []
    page = await inspector.tasks("default", TaskState.SCHEDULED, newest_first=newest_first, size=1)
    while True:
        shown += [task.id for task in page.tasks]
        if gone:
            await inspector.act(TaskAction.DELETE, "default", shown[-1:])
        if page.next is None:
            break
        page = await inspector.tasks(
            "default", TaskState.SCHEDULED, newest_first=newest_first, size=1, cursor=page.next
        )

    assert shown == (ids[::-1] if newest_first else ids)


async def test_large_tasks_come_in_several_replies_and_on_one_page(
    desk: Desk, inspector: RedisTaskInspector
) -> None:
    for number in range(5):
        desk.add(str(number), payload={"text": "x" * 600_000})

    page = await inspector.tasks("default", TaskState.PENDING)

    assert [task.id for task in page.tasks] == ["4", "3", "2", "1", "0"]


async def test_the_memory_is_estimated(desk: Desk, inspector: RedisTaskInspector) -> None:
    for number in range(300):
        state = TaskState.ARCHIVED if number < 150 else TaskState.PENDING
        desk.add(str(number), state, payload={"text": "x" * 1000}, error="e" * 500)

    memory = (await inspector.queue("default")).memory

    assert 300 * 1000 + 150 * 500 < memory < 3 * (300 * 1000 + 150 * 500)


async def calls_of(client: redis.asyncio.Redis, look: Any) -> int:
    """The commands that Redis executes for it, those inside of scripts included."""
    await client.config_resetstat()
    await look
    stats = await client.info("commandstats")
    return sum(int(command["calls"]) for command in stats.values())


@pytest.mark.parametrize("state", [TaskState.PENDING, None])
async def test_a_page_of_large_tasks_is_short_and_the_next_ones_have_the_rest(
    desk: Desk, inspector: RedisTaskInspector, state: TaskState | None
) -> None:
    for number in range(12):
        desk.add(f"{number:02}", payload={"text": "x" * 1_000_000})

    first = await inspector.tasks("default", state, newest_first=False)
    second = await inspector.tasks("default", state, newest_first=False, cursor=first.next)

    assert 8 <= len(first.tasks) < 12
    assert [task.id for task in [*first.tasks, *second.tasks]] == [f"{number:02}" for number in range(12)]
    assert second.next is None


@pytest.mark.parametrize("newest_first", [True, False])
async def test_a_look_costs_the_same_however_many_tasks_there_are(
    desk: Desk, inspector: RedisTaskInspector, client: redis.asyncio.Redis, *, newest_first: bool
) -> None:
    costs = []
    for count in (2_000, 10_000):
        desk.engine.publish(*(f"{count}-{number:05}" for number in range(count)))
        first = await inspector.tasks("default", TaskState.PENDING, newest_first=newest_first)
        # Redis loads a script at its first call.
        await inspector.tasks("default", None, newest_first=newest_first)
        await inspector.queues()
        await inspector.task("default", f"{count}-{count - 1:05}")
        costs.append(
            [
                await calls_of(client, look)
                for look in (
                    inspector.queues(),
                    inspector.tasks("default", TaskState.PENDING, newest_first=newest_first),
                    inspector.tasks(
                        "default", TaskState.PENDING, newest_first=newest_first, cursor=first.next
                    ),
                    inspector.tasks(
                        "default",
                        TaskState.PENDING,
                        newest_first=newest_first,
                        only=TaskFilter(name="nothing"),
                    ),
                    inspector.tasks("default", None, newest_first=newest_first),
                    inspector.task("default", f"{count}-{count - 1:05}"),
                )
            ]
        )

    assert costs[0] == costs[1]
    assert max(costs[1]) < 5 * 1000  # a filtered page looks at 1,000 tasks


async def test_an_outage_is_told(absent_port: int) -> None:
    async with inspector_on(f"redis://127.0.0.1:{absent_port}") as inspector:
        with pytest.raises(Unavailable):
            await inspector.queues()
