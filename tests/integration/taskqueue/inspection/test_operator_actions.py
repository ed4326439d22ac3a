"""Operator actions on tasks: their effect on the records, the archive and the completion log."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.inspection.inspector import RedisTaskInspector
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.message_options import UNKNOWN
from internal.infrastructure.taskqueue.protocol.timing import ARCHIVE_MOST
from internal.infrastructure.tasks.completion_log import Completion
from internal.ports.task_inspector import QueueNotEmpty, TaskAction
from internal.ports.tasks import TaskState
from tests.fakes.completion_log import FakeCompletionLog
from tests.support.full_redis import full
from tests.support.queue_contents import queued
from tests.support.taskqueue.desk import HOUR, Desk
from tests.support.taskqueue.engine import NO_DEADLINE, PREFIX, engine_on
from tests.support.taskqueue.inspectors import inspector_on
from tests.support.taskqueue.witnesses import WatchingCompletionLog

pytestmark = pytest.mark.anyio

OUTBOX = {"outbox": "first"}
UNIQUE = {"lock": "digest", "lock_for": HOUR}
AFTER = (
    '{"queue_name":"default","actor_name":"noop","args":[],"kwargs":{},"options":{},'
    '"message_id":"after","message_timestamp":0}'
)


@pytest.fixture
def desk(redis_url: str) -> Iterator[Desk]:
    with engine_on(redis_url) as engine:
        yield Desk(engine)


@pytest.fixture
def completion_log(redis_url: str) -> WatchingCompletionLog:
    return WatchingCompletionLog(redis_url)


@pytest.fixture
async def inspector(
    redis_url: str, completion_log: WatchingCompletionLog
) -> AsyncIterator[RedisTaskInspector]:
    async with inspector_on(redis_url, completion_log=completion_log) as inspector:
        yield inspector


async def test_an_archived_task_that_is_run_starts_again(
    desk: Desk, inspector: RedisTaskInspector, redis_url: str
) -> None:
    former = {
        "retries": 25,
        "traceback": "...",
        "requeue_timestamp": 1,
        UNKNOWN: 20,
        "headers": {"a": "b"},
    }
    desk.add("1", TaskState.ARCHIVED, options=former, payload={"list": [], "map": {}, "n": 2**53 + 1})
    before = queued(redis_url)[0].message

    await inspector.act(TaskAction.RUN, "default", ["1"])

    [task] = queued(redis_url)
    assert task.state == "pending"
    assert task.message.options == {"max_retries": 25, "time_limit": 60_000, "headers": {"a": "b"}}
    assert task.message.asdict() | {"options": {}} == before.asdict() | {"options": {}}


async def test_a_task_in_retry_keeps_its_count_of_attempts(desk: Desk, inspector: RedisTaskInspector) -> None:
    desk.add("1", TaskState.RETRY, options={"retries": 3})

    await inspector.act(TaskAction.RUN, "default", ["1"])

    assert (await inspector.task("default", "1")).retries == 3


async def test_a_poisonous_task_that_is_run_may_kill_as_often_again_but_alone(
    desk: Desk, inspector: RedisTaskInspector
) -> None:
    desk.add("1", TaskState.ARCHIVED)
    desk.engine.client.hset(f"{PREFIX}:default:task:1", "crashes", 3)

    await inspector.act(TaskAction.RUN, "default", ["1"])

    [delivery] = desk.hand.fetch()
    assert (delivery.suspect, delivery.crashes) == (True, 0)


async def test_running_wakes_a_worker(desk: Desk, inspector: RedisTaskInspector) -> None:
    desk.add("1", TaskState.SCHEDULED)
    desk.engine.client.delete(f"{PREFIX}:default:wake")

    await inspector.act(TaskAction.RUN, "default", ["1"])

    assert desk.engine.tokens() == 1


async def test_archiving_all_keeps_the_newest_and_leaks_nothing_of_the_others(
    desk: Desk, inspector: RedisTaskInspector
) -> None:
    count = ARCHIVE_MOST + 150
    ids = [f"{number:05}" for number in range(count)]
    desk.engine.publish(*ids, deadline=HOUR)  # each has a record

    async for _ in inspector.act_on_all(TaskAction.ARCHIVE, "default", TaskState.PENDING):
        pass

    client, prefix = desk.engine.client, f"{PREFIX}:default"
    assert client.zcard(f"{prefix}:archived") == ARCHIVE_MOST
    assert client.hlen(f"{prefix}:messages") == ARCHIVE_MOST
    assert len(list(client.scan_iter(f"{prefix}:task:*", count=5000))) == ARCHIVE_MOST
    assert client.zrange(f"{prefix}:archived", 0, 0) == [b"00150"]


async def test_deleting_all_leaves_no_record(desk: Desk, inspector: RedisTaskInspector) -> None:
    for number in range(3):
        desk.add(f"completed {number}", TaskState.COMPLETED)
        desk.add(f"archived {number}", TaskState.ARCHIVED, error="no")
    desk.engine.publish(*map(str, range(250)), delay=HOUR, deadline=HOUR)

    for state in (TaskState.COMPLETED, TaskState.ARCHIVED, TaskState.SCHEDULED):
        async for _ in inspector.act_on_all(TaskAction.DELETE, "default", state):
            pass

    kinds = {
        key.decode().removeprefix(f"{PREFIX}:default:").partition(":")[0] for key in desk.keys("default")
    }
    assert kinds == {"stats", "wake"}


async def test_leaves_alone_tasks_that_enter_the_state_during_the_action(
    desk: Desk, inspector: RedisTaskInspector
) -> None:
    desk.engine.publish(*(f"{number:03}" for number in range(150)))

    async for _ in inspector.act_on_all(TaskAction.DELETE, "default", TaskState.PENDING):
        desk.add(f"new {len(desk.engine.line())}")

    assert all(task_id.startswith("new") for task_id in desk.engine.line())
    assert len(desk.engine.line()) == 2


async def test_a_removed_queue_leaves_no_key(desk: Desk, inspector: RedisTaskInspector) -> None:
    for state in (
        TaskState.PENDING,
        TaskState.SCHEDULED,
        TaskState.RETRY,
        TaskState.ARCHIVED,
        TaskState.COMPLETED,
    ):
        desk.add(f"1 {state}", state, error="no")
    desk.engine.client.set(f"{PREFIX}:default:unique:leftover", "1")
    desk.add("2", queue="low")
    await inspector.pause("default")

    await inspector.remove_queue("default", force=True)

    assert desk.keys("default") == []
    assert desk.engine.states() == {"2": "pending"}
    assert [queue.name for queue in await inspector.queues()] == ["low"]


async def test_a_queue_that_is_published_to_while_it_is_removed_keeps_the_new_tasks(
    desk: Desk, redis_url: str
) -> None:
    desk.add("old", TaskState.SCHEDULED, options=OUTBOX)

    class Publishing:
        """Is asked in the middle of it."""

        async def closed(self, task_ids: Sequence[str]) -> dict[str, bool]:
            raise AssertionError("nobody asks")

        async def close(self, completions: Sequence[Completion]) -> None:
            desk.add("new")

        async def reopen(self, task_ids: Sequence[str]) -> set[str]:
            raise AssertionError("nobody asks")

    async with inspector_on(redis_url, completion_log=Publishing()) as inspector:
        with pytest.raises(QueueNotEmpty):
            await inspector.remove_queue("default", force=True)
    cleared = desk.engine.call(scripts.CLEAR, ("default", [f"{PREFIX}:default:messages"]))

    assert desk.engine.states() == {"new": "pending"}
    assert cleared == 0


async def test_operators_can_make_room_in_a_full_redis(
    desk: Desk, inspector: RedisTaskInspector, redis_url: str
) -> None:
    for number in range(4):
        desk.add(str(number), TaskState.SCHEDULED)
    desk.add("active", TaskState.ACTIVE)

    with full(redis_url):
        await inspector.pause("default")
        for action, task_id in zip(TaskAction, ["0", "1", "2", "active"], strict=True):
            assert (await inspector.act(action, "default", [task_id])).done == [task_id]

    assert Counter(desk.engine.states().values()) == Counter(pending=1, archived=1, scheduled=1, active=1)


@pytest.mark.parametrize("action", [TaskAction.DELETE, TaskAction.ARCHIVE])
async def test_a_task_is_closed_in_the_ledger_before_it_ends(
    desk: Desk, inspector: RedisTaskInspector, completion_log: WatchingCompletionLog, action: TaskAction
) -> None:
    desk.add("1", TaskState.SCHEDULED, options=OUTBOX)
    desk.add("2", TaskState.SCHEDULED)

    await inspector.act(action, "default", ["1", "2"])

    assert completion_log.completions == [Completion(task_id="1", succeeded=False)]
    assert completion_log.states == ["scheduled", "scheduled"]
    assert completion_log.reopened == []


async def test_a_task_is_reopened_in_the_ledger_before_it_runs_again(
    desk: Desk, inspector: RedisTaskInspector, completion_log: WatchingCompletionLog, redis_url: str
) -> None:
    desk.add("1", TaskState.ARCHIVED, options=OUTBOX)
    desk.add("2", TaskState.RETRY, options=OUTBOX)

    await inspector.act(TaskAction.RUN, "default", ["1", "2"])

    assert (completion_log.reopened, completion_log.completions) == (["1"], [])
    assert completion_log.states == ["retry", "archived"]
    assert {task.message.options["outbox"] for task in queued(redis_url)} == {"first"}


async def test_a_task_whose_row_is_gone_runs_without_the_ledger(desk: Desk, redis_url: str) -> None:
    completion_log = FakeCompletionLog(forgotten={"1"})
    async with inspector_on(redis_url, completion_log=completion_log) as inspector:
        desk.add("1", TaskState.ARCHIVED, options=OUTBOX)

        result = await inspector.act(TaskAction.RUN, "default", ["1"])

    [task] = queued(redis_url)
    assert result.done == ["1"]
    assert (task.state, "outbox" in task.message.options) == ("pending", False)


@pytest.mark.parametrize("state", [TaskState.ACTIVE, TaskState.COMPLETED])
async def test_the_row_of_a_refused_task_is_not_closed(
    desk: Desk, inspector: RedisTaskInspector, completion_log: WatchingCompletionLog, state: TaskState
) -> None:
    desk.add("1", state, options=OUTBOX)

    result = await inspector.act(TaskAction.ARCHIVE, "default", ["1"])

    assert set(result.refused) == {"1"}
    assert completion_log.completions == []


async def test_what_begins_to_run_while_it_is_being_closed_is_opened_again(
    desk: Desk, redis_url: str
) -> None:
    class Slow(FakeCompletionLog):
        async def close(self, completions: Sequence[Completion]) -> None:
            await super().close(completions)
            desk.hand.fetch()

    completion_log = Slow()
    async with inspector_on(redis_url, completion_log=completion_log) as inspector:
        desk.add("1", options=OUTBOX)

        result = await inspector.act(TaskAction.DELETE, "default", ["1"])

    assert result.refused == {"1": "it is active"}
    assert (completion_log.completions, completion_log.reopened) == (
        [Completion(task_id="1", succeeded=False)],
        ["1"],
    )


async def test_a_task_that_is_deleted_while_it_is_reopened_is_refused(desk: Desk, redis_url: str) -> None:
    class Slow(FakeCompletionLog):
        async def reopen(self, task_ids: Sequence[str]) -> set[str]:
            desk.engine.call(scripts.DELETE, ("default", ["1"]))
            return await super().reopen(task_ids)

    completion_log = Slow()
    async with inspector_on(redis_url, completion_log=completion_log) as inspector:
        desk.add("1", TaskState.ARCHIVED, options=OUTBOX)

        result = await inspector.act(TaskAction.RUN, "default", ["1"])

    assert result.refused == {"1": "there is no such task"}
    assert completion_log.completions == []


async def test_a_cancelled_task_that_its_worker_dies_of_is_given_up_by_the_next(
    desk: Desk, inspector: RedisTaskInspector
) -> None:
    desk.add("1", TaskState.ACTIVE)
    await inspector.act(TaskAction.CANCEL, "default", ["1"])
    desk.engine.make_due("1", state="active")

    [delivery] = desk.hand.fetch()

    assert delivery.is_cancelled


async def test_a_task_that_is_run_again_is_no_longer_cancelled(
    desk: Desk, inspector: RedisTaskInspector
) -> None:
    desk.add("1", TaskState.ACTIVE)
    await inspector.act(TaskAction.CANCEL, "default", ["1"])
    desk.end("1", Outcome(Kind.ARCHIVED))
    await inspector.act(TaskAction.RUN, "default", ["1"])

    [delivery] = desk.hand.fetch()

    assert not delivery.is_cancelled


async def test_an_archived_task_that_is_run_keeps_equal_ones_out_again(
    desk: Desk, inspector: RedisTaskInspector
) -> None:
    desk.add("1", TaskState.ARCHIVED, terms=UNIQUE)

    await inspector.act(TaskAction.RUN, "default", ["1"])

    assert desk.engine.publish("2", terms=UNIQUE) == [[b"pending", 1, b"1"]]


async def test_an_archived_task_is_not_run_beside_an_equal_one(
    desk: Desk, inspector: RedisTaskInspector, completion_log: WatchingCompletionLog
) -> None:
    desk.add("1", TaskState.ARCHIVED, terms=UNIQUE, options=OUTBOX)
    desk.add("2", terms=UNIQUE)

    result = await inspector.act(TaskAction.RUN, "default", ["1"])

    assert result.refused == {"1": "an equal task exists: 2"}
    assert desk.engine.states() == {"1": "archived", "2": "pending"}
    assert (completion_log.reopened, completion_log.completions) == (
        ["1"],
        [Completion(task_id="1", succeeded=False)],
    )


@pytest.mark.parametrize("action", [TaskAction.ARCHIVE, TaskAction.DELETE])
async def test_a_task_that_is_given_up_keeps_no_equal_one_out(
    desk: Desk, inspector: RedisTaskInspector, action: TaskAction
) -> None:
    desk.add("1", TaskState.SCHEDULED, terms=UNIQUE)

    await inspector.act(action, "default", ["1"])

    assert desk.engine.publish("2", terms=UNIQUE) == [[b"pending", 0]]


@pytest.mark.parametrize(("action", "follows"), [(TaskAction.ARCHIVE, True), (TaskAction.DELETE, False)])
async def test_on_failure_follows_an_archived_task_but_not_a_deleted_one(
    desk: Desk, inspector: RedisTaskInspector, action: TaskAction, *, follows: bool
) -> None:
    after: tuple[Any, ...] = ("default", "after", AFTER, 0, NO_DEADLINE, {})
    desk.add("1", TaskState.SCHEDULED, terms={"on_failure": scripts.text(scripts.encode_request([after]))})

    await inspector.act(action, "default", ["1"])

    assert ("after" in desk.engine.states()) is follows


async def test_archived_tasks_are_kept_ninety_days(desk: Desk, inspector: RedisTaskInspector) -> None:
    desk.add("1")
    await inspector.act(TaskAction.ARCHIVE, "default", ["1"])

    task = await inspector.task("default", "1")

    assert task.expires_at is not None
    assert task.published_at is not None
    assert abs(task.expires_at - task.published_at - timedelta(days=90)) < timedelta(minutes=1)
