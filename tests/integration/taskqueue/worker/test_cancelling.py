"""An operator cancels tasks that run, wait for a slot, or wait for the completion log."""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import dramatiq
import pytest
import redis as redis_client
from dramatiq import Message

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.attempt_note import decode_note
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.tasks.completion_log import Completion
from tests.fakes.completion_log import FakeCompletionLog
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.engine import PREFIX
from tests.support.taskqueue.witnesses import Blocking, WatchingCompletionLog
from tests.support.taskqueue.workers import broker_on, send_stored, working

LONG = Timing(lease=timedelta(seconds=60))  # nobody hears of anything by extending it
WITHIN = 5  # seconds; one is promised


@pytest.fixture
def far(redis_url: str) -> Iterator[RedisBroker]:
    broker = broker_on(redis_url, timing=LONG)
    yield broker
    broker.close()


class Task:
    """Runs until it is cancelled, and notes how it ended; `ends` lets it end without that."""

    def __init__(self) -> None:
        self.ends = threading.Event()
        self.started = 0
        self.ended: list[str] = []

    async def run(self) -> None:
        self.started += 1
        try:
            while not self.ends.is_set():  # noqa: ASYNC110 - the test says so from another thread
                await asyncio.sleep(0.01)
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise
        self.ended.append("done")

    def run_in_thread(self) -> None:
        self.started += 1
        try:
            while not self.ends.is_set():
                time.sleep(0.01)
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise
        self.ended.append("done")


def cancel(broker: RedisBroker, *messages: Message[Any]) -> list[bytes]:
    ids = [message.options["redis_message_id"] for message in messages]
    refusals: list[bytes] = broker.call(scripts.CANCEL, ("default", ids))
    return refusals


def archived(redis_url: str, *messages: Message[Any]) -> bool:
    wanted = {message.options["redis_message_id"] for message in messages}
    return {task.id for task in queued(redis_url) if task.state == "archived"} == wanted


def attempts(redis_url: str) -> list[str]:
    """Their errors."""
    with redis_client.Redis.from_url(redis_url) as client:
        [key] = client.scan_iter(f"{PREFIX}:default:task:*")
        record: Any = client.hgetall(key)
    return [decode_note(note).error for name, note in record.items() if name.startswith(b"attempt:")]


def test_a_coroutine_is_cancelled_at_once_and_its_task_archived(far: RedisBroker, redis_url: str) -> None:
    task = Task()
    actor = dramatiq.actor(broker=far, actor_name="run")(task.run)

    with working(far):
        message = actor.send()
        eventually(lambda: task.started == 1, within=5)
        refusals = cancel(far, message)
        eventually(lambda: archived(redis_url, message), within=WITHIN)

    assert refusals == [b""]
    assert task.ended == ["CancelledError"]
    assert attempts(redis_url) == ["cancelled"]


@pytest.mark.parametrize("is_async", [False, True])
def test_a_thread_is_interrupted_and_works_on(far: RedisBroker, redis_url: str, *, is_async: bool) -> None:
    task, other = Task(), Task()
    other.ends.set()
    far.add_middleware(Blocking())
    function = task.run if is_async else task.run_in_thread
    actor = dramatiq.actor(broker=far, actor_name="run")(function)
    quick = dramatiq.actor(broker=far, actor_name="quick")(other.run_in_thread)

    with working(far, worker_threads=1) as worker:
        message = actor.send()
        eventually(lambda: task.started == 1, within=5)
        cancel(far, message)
        eventually(lambda: archived(redis_url, message), within=WITHIN)
        quick.send()
        worker.join()

    assert len(task.ended) == 1
    assert task.ended != ["done"]
    assert other.ended == ["done"]
    assert attempts(redis_url) == ["cancelled"]


def test_a_coroutine_that_swallows_it_is_archived_anyway(far: RedisBroker, redis_url: str) -> None:
    started = threading.Event()

    @dramatiq.actor(broker=far)
    async def stubborn() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return

    with working(far):
        message = stubborn.send()
        eventually(started.is_set, within=5)
        cancel(far, message)
        eventually(lambda: archived(redis_url, message), within=WITHIN)


def test_a_task_that_waits_for_a_slot_never_starts(redis_url: str) -> None:
    patient = Timing(lease=timedelta(seconds=60), look_ahead=timedelta(seconds=60))
    broker = broker_on(redis_url, timing=patient)
    task, quick = Task(), Task()
    quick.ends.set()
    actor = dramatiq.actor(broker=broker, actor_name="run")(task.run)
    before = dramatiq.actor(broker=broker, actor_name="quick")(quick.run)

    with working(broker, worker_threads=1) as worker:
        for _ in range(3):
            before.send()
        worker.join()  # so quick that others are fetched ahead
        _, waiting = actor.send(), actor.send()
        eventually(lambda: broker.client.hlen(f"{PREFIX}:default:tokens") == 2, within=5)
        cancel(broker, waiting)
        eventually(lambda: archived(redis_url, waiting), within=WITHIN)
        task.ends.set()
        worker.join()
    broker.close()

    assert task.started == 1
    assert archived(redis_url, waiting)


def test_a_task_about_which_the_ledger_is_asked_never_starts(far: RedisBroker, redis_url: str) -> None:
    answer = threading.Event()

    class Slow(FakeCompletionLog):
        async def closed(self, task_ids: Sequence[str]) -> Mapping[str, bool]:
            while not answer.is_set():  # noqa: ASYNC110 - as in Task
                await asyncio.sleep(0.01)
            return await super().closed(task_ids)

    task, completion_log = Task(), Slow()
    actor = dramatiq.actor(broker=far, actor_name="run")(task.run)

    with working(far, completion_log=completion_log):
        message = send_stored(far, actor.message_with_options(outbox="again"))
        eventually(lambda: far.client.hlen(f"{PREFIX}:default:tokens") == 1, within=5)
        cancel(far, message)
        time.sleep(0.2)
        answer.set()
        eventually(lambda: archived(redis_url, message), within=WITHIN)

    assert task.started == 0
    assert completion_log.completions == [
        Completion(task_id=message.options["redis_message_id"], succeeded=False)
    ]


def test_a_task_of_the_outbox_is_closed_before_it_is_archived(far: RedisBroker, redis_url: str) -> None:
    task, completion_log = Task(), WatchingCompletionLog(redis_url)
    actor = dramatiq.actor(broker=far, actor_name="run")(task.run)

    with working(far, completion_log=completion_log):
        message = send_stored(far, actor.message_with_options(outbox="first"))
        eventually(lambda: task.started == 1, within=5)
        cancel(far, message)
        eventually(lambda: archived(redis_url, message), within=WITHIN)

    assert [completion.succeeded for completion in completion_log.completions] == [False]
    assert completion_log.states == ["active"]


def test_a_missed_cancellation_arrives_with_the_lease(broker: RedisBroker, redis_url: str) -> None:
    task = Task()
    actor = dramatiq.actor(broker=broker, actor_name="run")(task.run)

    with working(broker):
        message = actor.send()
        eventually(lambda: task.started == 1, within=5)
        task_id = message.options["redis_message_id"]
        broker.client.hset(f"{PREFIX}:default:task:{task_id}", "cancelled", 1)
        eventually(lambda: archived(redis_url, message), within=5)

    assert task.ended == ["CancelledError"]


def test_the_channel_is_listened_to_again_after_its_connection_is_gone(
    far: RedisBroker, redis_url: str
) -> None:
    task = Task()
    actor = dramatiq.actor(broker=far, actor_name="run")(task.run)

    def subscribers() -> int:
        [[_, count]] = far.client.pubsub_numsub(f"{PREFIX}:cancel")
        return int(count)

    with working(far):
        message = actor.send()
        eventually(lambda: task.started == 1 and subscribers() == 1, within=5)
        far.client.client_kill_filter(_type="pubsub")
        eventually(lambda: subscribers() == 0, within=5)
        eventually(lambda: subscribers() == 1, within=10)
        cancel(far, message)
        eventually(lambda: archived(redis_url, message), within=WITHIN)


def test_a_message_in_the_channel_that_names_no_task_is_harmless(far: RedisBroker, redis_url: str) -> None:
    task = Task()
    actor = dramatiq.actor(broker=far, actor_name="run")(task.run)

    with working(far):
        message = actor.send()
        eventually(lambda: task.started == 1, within=5)
        for garbage in (b"", b"\xff", b"\x93\x01\x02\x03", b"\x93\xa1a\xa1b\xa1c"):
            far.client.publish(f"{PREFIX}:cancel", garbage)
        cancel(far, message)
        eventually(lambda: archived(redis_url, message), within=WITHIN)

    assert task.started == 1


def test_a_cancelled_task_that_comes_back_is_not_started(far: RedisBroker, redis_url: str) -> None:
    task = Task()
    actor = dramatiq.actor(broker=far, actor_name="run")(task.run)
    message = actor.send()
    task_id = message.options["redis_message_id"]
    far.client.hset(f"{PREFIX}:default:task:{task_id}", "cancelled", 1)

    with working(far):
        eventually(lambda: archived(redis_url, message), within=5)

    assert task.started == 0
    assert attempts(redis_url) == ["cancelled"]
