"""Groups of failures, as workers mark them and operators read them."""

import json
import time
from datetime import timedelta

import dramatiq
import msgspec
import pytest

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.inspection import failure_actions, failures
from internal.infrastructure.taskqueue.inspection.bulk_actions import MOST_PER_STEP
from internal.infrastructure.taskqueue.inspection.cursors import encode
from internal.infrastructure.taskqueue.inspection.failures import even_shares
from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.task_inspector import TaskAction
from internal.ports.tasks import Permanent, TaskState
from tests.support.polling import eventually
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import PREFIX, Engine
from tests.support.taskqueue.inspectors import inspector_on
from tests.support.taskqueue.workers import working

pytestmark = pytest.mark.anyio

HERE = "tests/integration/taskqueue/inspection/test_failures.py"


def refuse() -> None:
    json.loads("{")


@pytest.mark.parametrize("is_async", [True, False])
async def test_workers_mark_failures(
    broker: RedisBroker, redis_url: str, engine: Engine, *, is_async: bool
) -> None:
    async def send() -> None:
        refuse()

    dramatiq.actor(broker=broker, actor_name="send")(send if is_async else refuse)
    give_up = dramatiq.actor(broker=broker, actor_name="give-up")(raise_permanent)

    with working(broker):
        for _ in range(3):
            broker.get_actor("send").send()
        give_up.send()
        eventually(lambda: engine.client.zcard(f"{PREFIX}:default:retry") == 3, within=5)
        eventually(lambda: engine.client.zcard(f"{PREFIX}:default:archived") == 1, within=5)
    async with inspector_on(redis_url) as inspector:
        first, second = (await inspector.failures()).groups
        task = await inspector.task(first.queue, first.task_id)

    assert (first.retry, first.archived, second.retry, second.archived) == (3, 0, 0, 1)
    assert (first.failure.task_name, first.failure.error_type) == ("send", "JSONDecodeError")
    assert first.failure.frame == f"{HERE} in refuse"
    assert (second.failure.error_type, second.failure.frame) == ("Permanent", f"{HERE} in raise_permanent")
    assert task.failure == first.failure
    assert task.traceback is not None
    assert 'json.loads("{")' in task.traceback


def raise_permanent() -> None:
    raise Permanent("no")


async def test_a_message_that_cannot_be_read_has_a_group(
    broker: RedisBroker, redis_url: str, engine: Engine
) -> None:
    engine.call(scripts.SEND, ("default", "1", scripts.text(b"{")))
    with working(broker, weights={"default": 1}):
        eventually(lambda: engine.client.zcard(f"{PREFIX}:default:archived") == 1, within=5)

    async with inspector_on(redis_url) as inspector:
        [group] = (await inspector.failures()).groups

    assert (group.failure.task_name, group.failure.error_type) == ("", "cannot be read")


async def test_failures_of_a_version_without_marks_are_grouped_too(engine: Engine, redis_url: str) -> None:
    desk = Desk(engine)
    for number in range(2):
        note = msgspec.json.encode({"retries": 0, "error": 'ValueError: number: "1"'})
        desk.add(f"old-{number}", TaskState.ACTIVE, name="mail")
        desk.end(f"old-{number}", Outcome(Kind.RETRY, 60_000, note=note))
    desk.add("plain", TaskState.ACTIVE, name="mail")
    desk.end("plain", Outcome(Kind.ARCHIVED, note=b"poison: it died"))

    async with inspector_on(redis_url) as inspector:
        first, second = (await inspector.failures()).groups
        page = await inspector.failed_tasks(first.failure.fingerprint)

    assert (first.count, first.failure.task_name, first.failure.error_type) == (2, "mail", "ValueError")
    assert (second.failure.task_name, second.failure.error_type) == ("mail", "poison")
    assert [task.id for task in page.tasks] == ["old-1", "old-0"]


async def test_the_window_is_shared_by_queues_and_states(
    engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "WINDOW", 10)
    desk = Desk(engine)
    for number in range(12):
        desk.add(f"retry-{number}", TaskState.RETRY, error="A: 1", wait=60_000 + number)
    for number in range(3):
        desk.add(f"archived-{number}", TaskState.ARCHIVED, queue="low", error="B: 1")

    async with inspector_on(redis_url) as inspector:
        found = await inspector.failures()
        page = await inspector.failed_tasks(found.groups[0].failure.fingerprint)

    assert [(group.retry, group.archived) for group in found.groups] == [(7, 0), (0, 3)]
    assert (found.looked_at, found.total) == (10, 15)
    assert [task.id for task in page.tasks] == [f"retry-{number}" for number in range(11, 4, -1)]


def test_shares_are_even() -> None:
    assert even_shares({"a": 5000, "b": 300, "c": 5000}, 2000) == {"a": 850, "b": 300, "c": 850}
    assert even_shares({"a": 5}, 2000) == {"a": 5}
    assert even_shares({}, 2000) == {}


async def test_tasks_that_fail_again_during_an_action_are_left(engine: Engine, redis_url: str) -> None:
    desk = Desk(engine)
    for number in range(3):
        desk.add(f"{number}", TaskState.RETRY, error="A: 1")

    async with inspector_on(redis_url) as inspector:
        [group] = (await inspector.failures()).groups
        fingerprint = group.failure.fingerprint
        a_minute_ago = str(round(time.time() * 1000) - 60_000)
        cursor = encode([a_minute_ago, "default", "retry"])
        late = await inspector.act_on_failures(TaskAction.RUN, fingerprint, cursor=cursor)
        step = await inspector.act_on_failures(TaskAction.RUN, fingerprint)

    assert (late.looked_at, list(late.result.done), late.next) == (3, [], None)
    assert sorted(step.result.done) == ["0", "1", "2"]


async def test_an_action_on_a_group_takes_bounded_steps(engine: Engine, redis_url: str) -> None:
    desk = Desk(engine)
    desk.add("0", TaskState.RETRY, error="A: 1")
    fill(engine, 1200)

    async with inspector_on(redis_url) as inspector:
        fingerprint = (await inspector.failures()).groups[0].failure.fingerprint
        steps = [await inspector.act_on_failures(TaskAction.ARCHIVE, fingerprint)]
        while cursor := steps[-1].next:
            steps.append(await inspector.act_on_failures(TaskAction.ARCHIVE, fingerprint, cursor=cursor))

    assert max(step.looked_at for step in steps) <= MOST_PER_STEP
    assert sum(step.looked_at for step in steps) == 1201
    assert sum(len(step.result.done) for step in steps) == 1201
    assert engine.client.zcard(f"{PREFIX}:default:archived") == 1201


async def test_a_step_ends_when_its_time_is_over(
    engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_actions, "STEP_TIME", 0)
    desk = Desk(engine)
    desk.add("0", TaskState.RETRY, error="A: 1")
    fill(engine, 1200)

    async with inspector_on(redis_url) as inspector:
        fingerprint = (await inspector.failures()).groups[0].failure.fingerprint
        step = await inspector.act_on_failures(TaskAction.DELETE, fingerprint)

    assert (step.looked_at, len(step.result.done)) == (100, 100)
    assert step.next is not None


async def test_the_largest_groups_have_their_error(
    engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "WITH_ERRORS", 1)
    desk = Desk(engine)
    for task_id, error in (("1", "A: first"), ("2", "A: last"), ("3", "B: 1")):
        desk.add(task_id, TaskState.RETRY, error=error)

    async with inspector_on(redis_url) as inspector:
        found = await inspector.failures()
        smaller = await inspector.failure(found.groups[1].failure.fingerprint)

    assert [group.error for group in found.groups] == ["A: last", None]
    assert smaller.error == "B: 1"


async def test_a_page_and_a_step_cost_the_same_with_many_failures(engine: Engine, redis_url: str) -> None:
    desk = Desk(engine)
    desk.add("0", TaskState.RETRY, error="A: 1")
    fill(engine, 10_000)

    async with inspector_on(redis_url) as inspector:
        began = time.perf_counter()
        [group] = (await inspector.failures()).groups
        grouped = time.perf_counter() - began
        await inspector.failed_tasks(group.failure.fingerprint)
        paged = time.perf_counter() - began - grouped

    assert group.count == 2000
    # Some 20 ms each; the machine may be busy.
    assert (timedelta(seconds=grouped), timedelta(seconds=paged)) < (timedelta(seconds=1),) * 2


def fill(engine: Engine, count: int) -> None:
    """Add copies of the task `0`, which waits for a retry."""
    message = engine.client.hget(f"{PREFIX}:default:messages", "0")
    record = engine.record("0")
    with engine.client.pipeline() as pipe:
        for number in range(1, count + 1):
            pipe.hset(f"{PREFIX}:default:messages", str(number), message or b"")
            pipe.hset(f"{PREFIX}:default:task:{number}", mapping=record)  # type: ignore[arg-type]  # bytes
            pipe.zadd(f"{PREFIX}:default:retry", {str(number): time.time() * 1000 + 3_600_000 + number})
        pipe.execute()
