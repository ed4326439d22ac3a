"""The outcome of a task on a real worker and a real Redis, for each end of its handler."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from dramatiq import Message
from structlog.testing import capture_logs

from internal.domain.errors import NotFound
from internal.infrastructure.clock import SystemClock
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.worker.worker import Worker
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.telemetry.log import TASKS
from internal.infrastructure.worker.actors import declare_actors
from internal.ports.tasks import Permanent, RetryLater, TaskContext, TaskOptions
from internal.ports.unavailable import Unavailable
from tests.support.polling import eventually
from tests.support.queue_contents import queued


@dataclass(frozen=True, slots=True, kw_only=True)
class Greet:
    task_name: ClassVar[str] = "test:greet"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    name: str


class RunningWorker:
    """A worker whose one handler does what the test says, and remembers what it was given."""

    def __init__(self, redis_url: str, *, timing: Timing | None = None) -> None:
        self.runs: list[tuple[Greet, TaskContext]] = []
        self.handle: Callable[[], Awaitable[None]] = _succeed
        self.is_database_away = False
        self._redis_url = redis_url
        self.broker = RedisBroker(url=redis_url, timing=timing)
        declare_actors(
            self.broker,
            codec=TaskCodec([Greet]),
            clock=SystemClock(),
            task_types=[Greet],
            resolve=lambda _: self._handler,
            explains=self._explains,
        )
        self._worker = Worker(self.broker, worker_threads=2)
        self._worker.start()

    async def _handler(self, task: Greet, context: TaskContext) -> None:
        self.runs.append((task, context))
        await self.handle()

    async def _explains(self, error: Unavailable, *, since: float) -> bool:
        return self.is_database_away

    def deliver(self, payload: dict[str, object], *, name: str = Greet.task_name, **options: object) -> str:
        message = Message[None]("default", name, (), payload, {"max_retries": 25, **options})
        return self.broker.enqueue(message).message_id

    def states(self) -> list[str]:
        return [task.state for task in queued(self._redis_url)]

    def waiting_for_retry(self) -> int:
        return self.states().count("retry")

    def archived(self) -> int:
        return self.states().count("archived")

    def stop(self) -> None:
        self._worker.stop()
        self.broker.close()


async def _succeed() -> None:
    pass


@pytest.fixture
def worker(redis_url: str) -> Iterator[RunningWorker]:
    worker = RunningWorker(redis_url)
    try:
        yield worker
    finally:
        worker.stop()


def test_hands_the_payload_and_the_context_to_the_handler(worker: RunningWorker) -> None:
    task_id = worker.deliver({"name": "Ada"}, headers={"request-id": "abc"})

    eventually(lambda: len(worker.runs) == 1, within=5)
    [(task, context)] = worker.runs
    assert task == Greet(name="Ada")
    assert (context.id, context.queue, context.retries, context.max_retries) == (task_id, "default", 0, 25)
    assert context.headers == {"request-id": "abc"}


HOPELESS = [
    Permanent("no"),
    NotFound("no such user"),
    ExceptionGroup("of a task group", [ValueError("another"), Permanent("no")]),
    ExceptionGroup("of a task group", [ExceptionGroup("inner", [NotFound("no such user")])]),
]


@pytest.mark.parametrize("error", HOPELESS, ids=repr)
def test_archives_at_once_what_can_never_succeed(worker: RunningWorker, error: Exception) -> None:
    async def fail() -> None:
        raise error

    worker.handle = fail
    worker.deliver({"name": "Ada"})

    eventually(lambda: worker.archived() == 1, within=5)
    assert (len(worker.runs), worker.waiting_for_retry()) == (1, 0)


AWAY = Unavailable("Postgres cannot be reached")
OUTAGES = [AWAY, ExceptionGroup("", [AWAY, ExceptionGroup("", [AWAY])])]


@pytest.mark.parametrize("error", OUTAGES, ids=["alone", "in a group"])
def test_counts_no_attempt_that_failed_because_postgres_was_away(
    worker: RunningWorker, error: Exception
) -> None:
    async def fail() -> None:
        raise error

    worker.handle = fail
    worker.is_database_away = True
    worker.deliver({"name": "Ada"}, max_retries=0)
    eventually(lambda: worker.states() == ["scheduled"], within=5)

    worker.handle = _succeed
    eventually(lambda: worker.states() == [], within=5)
    assert [context.retries for _, context in worker.runs] == [0, 0]


@pytest.mark.parametrize(
    ("error", "is_database_away"),
    [(AWAY, False), (ExceptionGroup("", [AWAY, ValueError()]), True), (ValueError(), True)],
    ids=["Postgres is well", "something else as well", "something else"],
)
def test_counts_an_attempt_that_an_outage_does_not_explain(
    worker: RunningWorker, error: Exception, *, is_database_away: bool
) -> None:
    async def fail() -> None:
        raise error

    worker.handle = fail
    worker.is_database_away = is_database_away
    worker.deliver({"name": "Ada"})

    eventually(lambda: worker.states() == ["retry"], within=5)


@pytest.mark.parametrize("payload", [{}, {"name": 1}, {"other": "x"}], ids=repr)
def test_archives_a_payload_that_does_not_fit_and_goes_on(
    worker: RunningWorker, payload: dict[str, object]
) -> None:
    worker.deliver(payload)
    worker.deliver({"name": "Ada"})

    eventually(lambda: worker.archived() == 1 and len(worker.runs) == 1, within=5)


def test_understands_a_payload_of_a_newer_version_that_has_a_field_more(worker: RunningWorker) -> None:
    worker.deliver({"name": "Ada", "salutation": "Countess"})

    eventually(lambda: worker.runs != [] and worker.states() == [], within=5)


def test_keeps_a_message_of_a_newer_format_for_later_and_goes_on(worker: RunningWorker) -> None:
    worker.deliver({"name": "Ada"}, format=99)
    worker.deliver({"name": "Grace"})

    eventually(lambda: worker.states() == ["scheduled"] and len(worker.runs) == 1, within=5)


def test_archives_a_message_of_a_newer_format_that_nobody_understands_in_time(redis_url: str) -> None:
    timing = Timing(unknown_every=timedelta(milliseconds=50), unknown_grace=timedelta(milliseconds=220))
    worker = RunningWorker(redis_url, timing=timing)
    try:
        worker.deliver({"name": "Ada"}, format=99)
        eventually(lambda: worker.archived() == 1, within=5)
    finally:
        worker.stop()

    [task] = queued(redis_url)
    assert (task.message.options["unknown"], worker.runs) == (4, [])


def test_keeps_a_task_that_nobody_knows_for_later_and_goes_on(worker: RunningWorker) -> None:
    worker.deliver({}, name="test:unknown")
    worker.deliver({"name": "Ada"})

    eventually(lambda: worker.states() == ["scheduled"] and len(worker.runs) == 1, within=5)


def test_keeps_a_task_that_fails_for_another_attempt(worker: RunningWorker) -> None:
    async def fail() -> None:
        raise ConnectionError

    worker.handle = fail
    worker.deliver({"name": "Ada"})

    eventually(lambda: worker.waiting_for_retry() == 1, within=5)
    assert (len(worker.runs), worker.archived()) == (1, 0)


def test_archives_a_task_that_has_no_attempts_left(worker: RunningWorker) -> None:
    async def fail() -> None:
        raise ConnectionError

    worker.handle = fail
    worker.deliver({"name": "Ada"}, max_retries=0)

    eventually(lambda: worker.archived() == 1, within=5)
    assert len(worker.runs) == 1


def test_a_task_that_waits_uses_up_no_attempts(worker: RunningWorker) -> None:
    async def wait_twice() -> None:
        if len(worker.runs) <= 2:
            raise RetryLater(timedelta(milliseconds=10))

    worker.handle = wait_twice
    worker.deliver({"name": "Ada"}, max_retries=0)

    eventually(lambda: len(worker.runs) == 3, within=5)
    assert [context.retries for _, context in worker.runs] == [0, 0, 0]
    eventually(lambda: worker.waiting_for_retry() == 0, within=5)
    assert worker.archived() == 0


def test_cancels_an_attempt_that_takes_too_long(worker: RunningWorker) -> None:
    cancelled: list[bool] = []

    async def hang() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    worker.handle = hang
    worker.deliver({"name": "Ada"}, time_limit=100)

    eventually(lambda: worker.waiting_for_retry() == 1, within=10)
    assert cancelled == [True]


def test_a_task_that_is_given_up_logs_a_warning_with_its_reason(worker: RunningWorker) -> None:
    async def fail() -> None:
        raise Permanent("the year has not begun")

    worker.handle = fail
    with capture_logs() as logs:
        worker.deliver({"name": "Ada"})
        eventually(lambda: worker.archived() == 1, within=5)

    [entry] = logs
    assert (entry["event"], entry["log_level"], entry["becomes"]) == ("task.failed", "warning", "archived")
    assert (entry["error"], entry["reason"]) == ("Permanent", "Permanent: the year has not begun")


def test_a_task_that_is_done_logs_one_line_at_debug(
    worker: RunningWorker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger=TASKS)
    with capture_logs() as logs:
        worker.deliver({"name": "Ada"})
        eventually(lambda: logs != [], within=5)

    [entry] = logs
    assert (entry["event"], entry["log_level"], entry["task"]) == ("task.done", "debug", "test:greet")
    assert 0 <= entry["milliseconds"] < 5000
    assert "Ada" not in str(entry)


def test_the_log_has_the_outcome_of_failed_and_of_unknown_tasks(worker: RunningWorker) -> None:
    async def fail() -> None:
        raise ConnectionError

    worker.handle = fail
    with capture_logs() as logs:
        worker.deliver({"name": "Ada"})
        worker.deliver({"name": "Ada"}, max_retries=0)
        worker.deliver({}, name="test:unknown")
        eventually(lambda: sorted(worker.states()) == ["archived", "retry", "scheduled"], within=5)

    archived, retried, unknown = sorted(logs, key=lambda entry: str(entry.get("becomes", entry["event"])))
    assert (archived["event"], archived["becomes"]) == ("task.failed", "archived")
    assert (retried["event"], retried["becomes"]) == ("task.failed", "retry")
    assert 15 <= retried["again_in"] <= 44
    assert (unknown["event"], unknown["again_in"]) == ("task.unknown", 30)
