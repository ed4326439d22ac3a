"""docs/background-jobs.md: the examples on options and results work."""

import asyncio
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis

from internal.application.tasks.send_verification_email import SendVerificationEmail
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, Kind, Outcome
from internal.infrastructure.taskqueue.worker.worker import Worker
from internal.infrastructure.worker.actors import declare_actors
from internal.ports.tasks import Rate, TaskContext, TaskOptions, TaskPublisher
from tests.support.documented_examples import BACKGROUND_JOBS, blocks, run
from tests.support.queue_contents import Queued, queued
from tests.support.taskqueue.engine import Engine, Hand

pytestmark = pytest.mark.anyio

BLOCKS = blocks(BACKGROUND_JOBS)
TASK = SendWelcomeEmail(user_id=uuid4())
IN_AN_HOUR = 3_600_000  # ms

LOGGED = re.compile(r"\S+ \S+ \[\w+ *\] ")


class Example:
    """Runs a block with `tasks` and `task`, and returns the tasks in Redis."""

    def __init__(self, tasks: TaskPublisher, redis_url: str) -> None:
        self._tasks = tasks
        self._redis_url = redis_url
        self.user_id = uuid4()
        self.names: dict[str, Any] = {}

    async def run(self, name: str) -> list[Queued]:
        names = {
            "tasks": self._tasks,
            "task": TASK,
            "user_id": self.user_id,
            "timedelta": timedelta,
            "datetime": datetime,
            "UTC": UTC,
            "TaskOptions": TaskOptions,
            "Rate": Rate,
        }
        self.names = await run(BLOCKS[name], names)
        return queued(self._redis_url)


@pytest.fixture
def example(container: Container, redis_url: str) -> Example:
    return Example(container.taskqueue.publisher(), redis_url)


@pytest.mark.parametrize(
    ("name", "wait"), [("option_delay", timedelta(minutes=5)), ("option_process_at", None)]
)
async def test_start_times(example: Example, name: str, wait: timedelta | None) -> None:
    [task] = await example.run(name)

    due = datetime.now(UTC) + wait if wait else datetime(2100, 1, 1, 9, tzinfo=UTC)
    assert task.state == "scheduled"
    assert abs(task.due - due) < timedelta(seconds=5)


async def test_options_that_travel_in_the_message(example: Example) -> None:
    expected: dict[str, dict[str, object]] = {
        "option_max_retries": {"max_retries": 5},
        "option_timeout": {"time_limit": 15 * 60 * 1000},
        "option_retention": {"retention": 24 * IN_AN_HOUR},
        "option_headers": {"headers": {"request-id": "e5c6a04a"}},
    }

    for name, options in expected.items():
        await example.run(name)
        newest = (await example.run(name))[-1]
        assert newest.message.options.items() >= options.items()


async def test_queue_and_many_at_once(example: Example) -> None:
    assert [task.queue for task in await example.run("option_queue")] == ["critical"]

    tasks = await example.run("publish_many")
    assert sorted(task.queue for task in tasks) == ["critical", "default", "low"]
    assert len(example.names["receipts"]) == 2


async def test_deadline(example: Example, redis_url: str) -> None:
    [task] = await example.run("option_deadline")

    with redis.Redis.from_url(redis_url) as client:
        deadline = client.hget(f"{{pyhexaclean}}:default:task:{task.id}", "deadline")
    assert abs(int(str(deadline, "ascii")) / 1000 - datetime.now(UTC).timestamp() - 3600) < 5


async def test_own_id(example: Example) -> None:
    tasks = await example.run("option_task_id")

    assert [task.id for task in tasks] == ["welcome-ada"]
    assert example.names["second"].duplicate is True


async def test_own_id_in_a_unit_of_work(container: Container, redis_url: str) -> None:
    async with container.database.unit_of_work() as uow:
        example = Example(uow.tasks, redis_url)
        await example.run("option_task_id")
        await uow.commit()

    assert example.names["second"].duplicate is True
    assert [task.id for task in queued(redis_url)] == ["welcome-ada"]


async def test_refused(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    assert await example.run("option_refused") == []

    assert capsys.readouterr().out.strip() == BLOCKS["option_refused"].rpartition("# ")[2].strip()


async def test_unique_tasks(example: Example, redis_url: str) -> None:
    [task] = await example.run("option_unique")
    assert example.names["first"].id == task.id

    tasks = await example.run("option_unique_key")
    again = await example.run("option_unique_key")
    assert (len(tasks), len(again)) == (2, 2)
    with redis.Redis.from_url(redis_url) as client:
        locks: Any = client.keys("{pyhexaclean}:default:unique:*")
        assert {round(client.pttl(lock) / IN_AN_HOUR) for lock in locks} == {1}
        assert len(locks) == 2


async def test_a_lock_until_its_expiry(example: Example) -> None:
    assert len(await example.run("option_unique_until")) == 1
    assert len(await example.run("option_unique_until")) == 1


@pytest.mark.parametrize("outcome", [DONE, Outcome(Kind.ARCHIVED)], ids=["done", "given up"])
async def test_once_per_day_and_user(example: Example, redis_url: str, outcome: Outcome) -> None:
    await example.run("once_a_day")
    with redis.Redis.from_url(redis_url) as client:
        hand = Hand(Engine(redis_url, client))
        [first] = hand.fetch(2)
        hand.settle(first, outcome)

        await example.run("once_a_day")

        assert (example.names["receipt"].duplicate, example.names["receipt"].id) == (True, first.task_id)
        assert hand.fetch(2) == []
        example.user_id = uuid4()
        await example.run("once_a_day")
        assert len(hand.fetch(2)) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("option_max_running", {b"max_running": b"2"}),
        ("option_rate", {b"rate": b"10", b"per": b"60000"}),
        ("option_limit_key", {b"max_running": b"1"}),
    ],
)
async def test_limits(example: Example, redis_url: str, name: str, expected: dict[bytes, bytes]) -> None:
    [task] = await example.run(name)

    with redis.Redis.from_url(redis_url) as client:
        record: Any = client.hgetall(f"{{pyhexaclean}}:default:task:{task.id}")
    assert record.items() >= expected.items()
    assert record.keys() == {b"limit", *expected}


async def test_results(container: Container, redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    has_written, goes_on = threading.Event(), threading.Event()

    async def handler(task: SendWelcomeEmail, context: TaskContext) -> None:  # noqa: ARG001 - a TaskHandler
        context.write_result({"percent": 50})
        has_written.set()
        await asyncio.to_thread(goes_on.wait, 5)
        context.write_result({"title": "Report 2025"})

    broker = RedisBroker(url=redis_url)
    declare_actors(
        broker,
        codec=container.taskqueue.codec(),
        clock=container.clock(),
        task_types=[SendWelcomeEmail],
        resolve=lambda _: handler,
    )
    worker = Worker(broker)
    await asyncio.to_thread(worker.start)
    results = container.taskqueue.results()
    names = {"results": results, "timedelta": timedelta}
    try:
        receipt = await container.taskqueue.publisher().publish(TASK, retention=timedelta(hours=1))
        names["receipt"] = receipt
        await asyncio.to_thread(has_written.wait, 5)
        async with asyncio.timeout(5):
            while (await results.result(receipt.queue, receipt.id)).value is None:  # noqa: ASYNC110 - Redis sets no Event
                await asyncio.sleep(0.01)
        await run(BLOCKS["result_now"], dict(names))
        goes_on.set()
        await run(BLOCKS["result_wait"], dict(names))
    finally:
        await asyncio.to_thread(worker.stop)
        broker.close()

    # The log of the worker may be between the two lines.
    printed = [line for line in capsys.readouterr().out.splitlines() if not LOGGED.match(line)]
    assert printed == [BLOCKS[name].rpartition("# ")[2].strip() for name in ("result_now", "result_wait")]


async def test_chain_and_group(container: Container, redis_url: str) -> None:
    names = ("fetch", "convert", "store", "complain", "resize", "scan", "index", "announce")
    given = {name: SendVerificationEmail(email=name) for name in names}
    for block in ("chain", "group"):
        await run(
            BLOCKS[block], {"tasks": container.taskqueue.publisher(), "TaskOptions": TaskOptions, **given}
        )

    published = {task.message.kwargs["email"] for task in queued(redis_url)}
    assert published == {"fetch", "resize", "scan", "index"}
