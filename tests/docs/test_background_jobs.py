"""docs/background-jobs.md: the examples on publishing, retrying and actors work."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import dramatiq
import pytest
from dramatiq.middleware import CurrentMessage

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.clock import SystemClock
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.backoff import asynq_delay
from internal.infrastructure.taskqueue.worker.worker import Worker
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.worker.actors import declare_actors
from internal.infrastructure.worker.routes import ROUTES
from internal.infrastructure.worker.schedule import SCHEDULE
from internal.ports.tasks import RetryLater, TaskContext, TaskOptions, TaskState
from tests.support.documented_commands import Admin
from tests.support.documented_examples import BACKGROUND_JOBS, OPERATIONS, ROOT, blocks, run, table
from tests.support.polling import eventually
from tests.support.queue_contents import queued

pytestmark = pytest.mark.anyio

BLOCKS = blocks(BACKGROUND_JOBS)
COMMANDS = blocks(OPERATIONS)
TEXT = BACKGROUND_JOBS.read_text()
TASK = SendWelcomeEmail(user_id=uuid4())


def test_the_targets_that_it_names_exist() -> None:
    targets = re.findall(r"^make (\w+)", TEXT, re.MULTILINE)

    assert targets
    assert all(re.search(rf"^{name}:", (ROOT / "Makefile").read_text(), re.MULTILINE) for name in targets)


def test_the_entries_of_the_schedule_are_named() -> None:
    assert [entry.name for entry in SCHEDULE if f"`{entry.name}`" not in TEXT] == []


def test_the_payload_of_the_welcome_mail() -> None:
    payload = json.loads(BLOCKS["welcome_payload"])

    task = TaskCodec([SendWelcomeEmail]).decode("email:welcome", payload)
    assert task == SendWelcomeEmail(user_id=UUID(payload["user_id"]))


def test_the_subscriber_is_the_one_of_the_program() -> None:
    application = ROOT / "internal" / "application"

    assert BLOCKS["subscriber"] == (application / "tasks" / "count_log_in.py").read_text()
    assert BLOCKS["subscribed"] in (application / "subscribers.py").read_text()


def test_the_email_tasks_and_their_queues() -> None:
    listed = {row[0].strip("`"): row[1].strip("`") for row in table(BACKGROUND_JOBS, "email_tasks")}

    tasks = {task.task_name: task.task_options.queue for task in ROUTES}
    assert listed == {name: queue for name, queue in tasks.items() if name.startswith("email:")}


def test_a_task_can_be_published_by_hand(settings: Settings, tmp_path: Path) -> None:
    env = {"APP_ENV": "test", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis}
    (tmp_path / "ada.json").write_text(BLOCKS["welcome_payload"])

    admin = Admin(env, tmp_path)
    said = admin.run(COMMANDS["admin_enqueue"])

    [task] = queued(settings.redis)
    assert said == f"{task.id}: stored in the outbox for default\n"
    assert task.message.kwargs == json.loads(BLOCKS["welcome_payload"])
    assert (task.state, task.message.options["max_retries"]) == ("scheduled", 3)

    of_outbox = admin.run(COMMANDS["admin_outbox"], ID=task.id)
    assert of_outbox.count(task.id) == 3
    assert of_outbox.endswith("given up\n1 forwarded\n")
    [again] = queued(settings.redis)
    assert (again.id, again.state) == (task.id, "scheduled")


def test_the_waits_between_attempts() -> None:
    for attempt, retries, shortest, longest in table(BACKGROUND_JOBS, "retry_waits"):
        n = int(retries)
        assert n == int(attempt) - 1
        assert f"{asynq_delay(n, draw=lambda _: 0).total_seconds():.0f} s" == shortest
        assert f"{asynq_delay(n, draw=lambda _: 29).total_seconds():.0f} s" == longest

    total = sum((asynq_delay(n) for n in range(25)), timedelta(0))
    assert total.days == 20


async def test_a_publication_in_a_use_case(container: Container, redis_url: str) -> None:
    names = await run(
        BLOCKS["publish"], {"uow": container.database.unit_of_work(), "BuildReport": lambda **_: TASK}
    )

    receipt = names["receipt"]
    assert (receipt.state, receipt.duplicate) == (TaskState.STORED, None)
    assert [task.id for task in queued(redis_url)] == [receipt.id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    task_name: ClassVar[str] = "test:waiting"
    task_options: ClassVar[TaskOptions] = TaskOptions()


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    broker = RedisBroker(url=redis_url)
    dramatiq.set_broker(broker)
    yield broker
    broker.close()
    dramatiq.set_broker(None)  # type: ignore[arg-type]  # no broker, as before


def work(broker: RedisBroker, task_type: Any, handle: Callable[[], Awaitable[None]]) -> Worker:
    async def handler(task: Any, context: TaskContext) -> None:  # noqa: ARG001 - a TaskHandler
        await handle()

    codec = TaskCodec([task_type])
    declare_actors(
        broker, codec=codec, clock=SystemClock(), task_types=[task_type], resolve=lambda _: handler
    )
    worker = Worker(broker)
    worker.start()
    broker.enqueue(dramatiq.Message("default", task_type.task_name, (), {}, {"max_retries": 25}))
    return worker


def test_a_task_can_set_its_own_waits(broker: RedisBroker, redis_url: str) -> None:
    namespace = {"__name__": __name__, "dataclass": dataclass, "timedelta": timedelta}
    names = asyncio.run(run(BLOCKS["retry_delay"], {**globals(), **namespace}))
    later = names | {"RetryLater": RetryLater}

    async def fail() -> None:
        raise ConnectionError

    async def wait() -> None:
        await run(BLOCKS["retry_later"], dict(later))

    cases = [(names["CallPartner"], fail, "retry", 60), (Waiting, wait, "scheduled", 600)]
    for task_type, handle, state, seconds in cases:
        worker = work(broker, task_type, handle)
        try:
            eventually(lambda state=state: [t.state for t in queued(redis_url)] == [state], within=5)  # type: ignore[misc]  # bound now
        finally:
            worker.stop()
        [task] = queued(redis_url)
        assert abs((task.due - datetime.now(UTC)).total_seconds() - seconds) < 10
        broker.flush("default")


class Unknown(dramatiq.Middleware):
    def before_process_message(self, broker: dramatiq.Broker, message: object) -> None:
        pass


@pytest.mark.parametrize("safe", [True, False])
def test_middleware_that_is_safe_on_the_loop(broker: RedisBroker, safe: bool) -> None:  # noqa: FBT001 - a parameter of the test
    ran_on_loop: list[bool] = []

    @dramatiq.actor
    async def note() -> None:
        message: Any = CurrentMessage.get_current_message()
        ran_on_loop.append(message.is_native)

    asyncio.run(run(BLOCKS["loop_safe"], {"dramatiq": dramatiq}))
    if not safe:
        broker.add_middleware(Unknown())
    worker = Worker(broker)
    worker.start()
    try:
        note.send()
        eventually(lambda: len(ran_on_loop) == 1, within=5)
    finally:
        worker.stop()

    [counting] = [item for item in broker.middleware if type(item).__name__ == "CountStarts"]
    assert vars(counting)["starts"] == 1
    assert ran_on_loop == [safe]
