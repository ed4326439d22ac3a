from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.tasks.encrypted_payload import PayloadCipher, shown
from internal.ports.tasks import (
    MOST_MEMBERS,
    MOST_STEPS,
    Queue,
    TaskOptions,
    TaskOverrides,
    TaskPublisher,
    TaskState,
)
from tests.fakes.tasks import FakeTaskPublisher, PublishedTask
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.support.queue_contents import Queued, queued

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Delivered:
    id: str
    queue: str
    payload: Mapping[str, str]
    max_retries: int
    not_before: datetime | None


@dataclass(frozen=True)
class Publishing:
    """`open` gives a publisher; with the end of its block, what was published is on its way."""

    open: Callable[[], AbstractAsyncContextManager[TaskPublisher]]
    take_delivered: Callable[[], list[Delivered]]
    stores: bool = False


@pytest.fixture(
    params=["fake", "fake unit of work", "dramatiq", "outbox", "dramatiq with keys", "outbox with keys"]
)
def publishing(request: pytest.FixtureRequest) -> Publishing:
    if request.param == "fake":
        return fake_publisher()
    if request.param == "fake unit of work":
        return fake_unit_of_work()
    has_keys = request.param.endswith("with keys")
    container: Container = request.getfixturevalue("encrypting_container" if has_keys else "container")
    redis_url: str = request.getfixturevalue("redis_url")

    def take_delivered() -> list[Delivered]:
        tasks = queued(redis_url)
        assert all(("$encrypted" in task.message.kwargs) is has_keys for task in tasks)
        return [from_redis(task, cipher=container.taskqueue.payload_cipher()) for task in tasks]

    @asynccontextmanager
    async def dramatiq() -> AsyncIterator[TaskPublisher]:
        yield container.taskqueue.publisher()

    @asynccontextmanager
    async def outbox() -> AsyncIterator[TaskPublisher]:
        async with container.database.unit_of_work() as uow:
            yield uow.tasks
            await uow.commit()

    if request.param.startswith("dramatiq"):
        return Publishing(dramatiq, take_delivered)
    return Publishing(outbox, take_delivered, stores=True)


def fake_publisher() -> Publishing:
    publisher = FakeTaskPublisher()

    @asynccontextmanager
    async def fake() -> AsyncIterator[TaskPublisher]:
        yield publisher

    return Publishing(fake, lambda: [from_published(task) for task in publisher.published])


def fake_unit_of_work() -> Publishing:
    uow = FakeUnitOfWork(tasks=FakeTaskPublisher(stores=True))

    @asynccontextmanager
    async def fake() -> AsyncIterator[TaskPublisher]:
        async with uow:
            yield uow.tasks
            await uow.commit()

    return Publishing(fake, lambda: [from_published(task) for task in uow.published], stores=True)


def from_published(published: PublishedTask) -> Delivered:
    assert isinstance(published.task, SendWelcomeEmail)
    options = published.options
    delayed_to = datetime.now(UTC) + options.delay if options.delay else None
    return Delivered(
        id=published.id,
        queue=options.queue,
        payload={name: str(value) for name, value in asdict(published.task).items()},
        max_retries=options.max_retries,
        not_before=options.process_at or delayed_to,
    )


def from_redis(task: Queued, *, cipher: PayloadCipher | None) -> Delivered:
    payload: Any = shown(task.message.kwargs, cipher=cipher, name=task.message.actor_name, task_id=task.id)
    return Delivered(
        id=task.id,
        queue=task.queue,
        payload=payload,
        max_retries=task.message.options["max_retries"],
        not_before=task.due if task.state == "scheduled" else None,
    )


def welcome(number: int = 1) -> SendWelcomeEmail:
    return SendWelcomeEmail(user_id=UUID(int=number))


async def test_delivers_the_task(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        receipt = await publisher.publish(welcome())

    assert publishing.take_delivered() == [
        Delivered(
            id=receipt.id,
            queue="default",
            payload={"user_id": str(UUID(int=1))},
            max_retries=25,
            not_before=None,
        )
    ]


async def test_the_receipt_has_the_state_of_the_task(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        receipt = await publisher.publish(welcome())

    assert receipt.queue == "default"
    assert receipt.state is (TaskState.STORED if publishing.stores else TaskState.PENDING)
    assert receipt.duplicate is (None if publishing.stores else False)


async def test_an_override_is_for_one_publication(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        receipt = await publisher.publish(welcome(), queue="low", max_retries=3)
        await publisher.publish(welcome())

    delivered = {task.queue: task.max_retries for task in publishing.take_delivered()}
    assert receipt.queue == "low"
    assert delivered == {"low": 3, "default": 25}


@pytest.mark.parametrize("in_what_way", ["delay", "process_at"])
async def test_a_task_can_wait(publishing: Publishing, in_what_way: str) -> None:
    due = datetime.now(UTC) + HOUR
    start: TaskOverrides = {"delay": HOUR} if in_what_way == "delay" else {"process_at": due}

    async with publishing.open() as publisher:
        receipt = await publisher.publish(welcome(), **start)

    [delivered] = publishing.take_delivered()
    assert receipt.state is (TaskState.STORED if publishing.stores else TaskState.SCHEDULED)
    assert delivered.not_before is not None
    assert abs(delivered.not_before - due) < HOUR / 10


@pytest.mark.parametrize(
    "overrides",
    [{"queue": "unknown"}, {"max_retries": -1}, {"limit_key": "key"}, {"delay": HOUR, "process_at": None}],
)
async def test_an_option_that_cannot_be_honoured_is_refused(
    publishing: Publishing, overrides: TaskOverrides
) -> None:
    if overrides.get("delay"):
        overrides = {**overrides, "process_at": datetime.now(UTC)}

    async with publishing.open() as publisher:
        with pytest.raises(ValueError, match=r"queue|max_retries|limit_key|delay"):
            await publisher.publish(welcome(), **overrides)

    assert publishing.take_delivered() == []


async def test_an_id_that_is_taken_is_a_duplicate(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        first = await publisher.publish(welcome(1), task_id="own-id", delay=HOUR)
        second = await publisher.publish(welcome(2), task_id="own-id")

    assert (first.id, second.id) == ("own-id", "own-id")
    assert (first.duplicate, second.duplicate) == (None if publishing.stores else False, True)
    assert second.state is (TaskState.STORED if publishing.stores else TaskState.SCHEDULED)  # what is there
    [delivered] = publishing.take_delivered()
    assert delivered.payload["user_id"] == str(UUID(int=1))


async def test_an_id_that_is_taken_on_another_queue_is_a_duplicate(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        await publisher.publish(welcome(1), task_id="own-id", queue="low")
        second = await publisher.publish(welcome(2), task_id="own-id", queue="default")

    assert (second.id, second.queue, second.duplicate) == ("own-id", "low", True)
    [delivered] = publishing.take_delivered()
    assert (delivered.queue, delivered.payload["user_id"]) == ("low", str(UUID(int=1)))


async def test_the_first_of_many_with_one_id_is_delivered(publishing: Publishing) -> None:
    same = [
        (welcome(number), TaskOptions(task_id="own-id", queue=queue)) for number, queue in enumerate(Queue)
    ]
    async with publishing.open() as publisher:
        receipts = await publisher.publish_many([welcome(9), *same])

    assert [receipt.queue for receipt in receipts[1:]] == ["critical"] * 3
    assert [receipt.duplicate for receipt in receipts[2:]] == [True] * 2
    assert sorted(task.queue for task in publishing.take_delivered()) == ["critical", "default"]


@pytest.mark.parametrize("key", [None, "key"])
async def test_a_unique_task_is_delivered_once(publishing: Publishing, key: str | None) -> None:
    async with publishing.open() as publisher:
        first = await publisher.publish(welcome(), unique_for=HOUR, unique_key=key)
        second = await publisher.publish(welcome(), unique_for=HOUR, unique_key=key)

    if not publishing.stores:
        assert (second.id, second.duplicate) == (first.id, True)
    assert [task.id for task in publishing.take_delivered()] == [first.id]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"unique_for": HOUR, "unique_key": "key"}, {"unique_for": HOUR, "unique_key": "another"}),
        ({"unique_for": HOUR}, {"unique_for": HOUR, "queue": "low"}),
        ({"unique_for": HOUR, "unique_key": "key"}, {"unique_for": HOUR}),
        ({"unique_for": HOUR}, {}),
    ],
)
async def test_tasks_that_are_not_equal_are_all_delivered(
    publishing: Publishing, one: TaskOverrides, other: TaskOverrides
) -> None:
    async with publishing.open() as publisher:
        await publisher.publish(welcome(), **one)
        await publisher.publish(welcome(), **other)

    assert len(publishing.take_delivered()) == 2


async def test_many_are_delivered_in_order(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        receipts = await publisher.publish_many([welcome(number) for number in range(50)])

    delivered = publishing.take_delivered()
    assert [task.id for task in delivered] == [receipt.id for receipt in receipts]
    assert [task.payload["user_id"] for task in delivered] == [str(UUID(int=number)) for number in range(50)]


async def test_each_of_many_can_have_options_of_its_own(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        receipts = await publisher.publish_many([welcome(), (welcome(), TaskOptions(queue="critical"))])

    assert [receipt.queue for receipt in receipts] == ["default", "critical"]
    assert {task.queue for task in publishing.take_delivered()} == {"default", "critical"}


async def test_publishing_none_of_many_does_nothing(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        receipts = await publisher.publish_many([])

    assert receipts == []
    assert publishing.take_delivered() == []


async def test_one_refused_task_stops_the_delivery_of_all(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        with pytest.raises(ValueError, match="unknown"):
            await publisher.publish_many([welcome(), (welcome(), TaskOptions(queue="unknown"))])

    assert publishing.take_delivered() == []


async def test_only_the_first_step_of_a_chain_is_delivered(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        receipt = await publisher.publish_chain([welcome(1), welcome(2)], on_failure=welcome(3))

    assert [task.id for task in publishing.take_delivered()] == [receipt.id]


async def test_all_tasks_of_a_group_are_delivered(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        receipts = await publisher.publish_group([welcome(1), welcome(2)], then=welcome(3))

    assert [task.id for task in publishing.take_delivered()] == [receipt.id for receipt in receipts]


@pytest.mark.parametrize(
    "options",
    [TaskOptions(queue="unknown"), TaskOptions(process_at=datetime(2100, 1, 1, tzinfo=UTC))],
)
async def test_options_that_a_follower_cannot_have_are_refused(
    publishing: Publishing, options: TaskOptions
) -> None:
    async with publishing.open() as publisher:
        with pytest.raises(ValueError, match=r"unknown|process_at"):
            await publisher.publish_chain([welcome(1), (welcome(2), options)])
        with pytest.raises(ValueError, match=r"unknown|process_at"):
            await publisher.publish_group([welcome(1)], then=(welcome(2), options))

    assert publishing.take_delivered() == []


@pytest.mark.parametrize("options", [TaskOptions(task_id="own-id"), TaskOptions(unique_for=HOUR)])
async def test_a_task_of_a_group_that_may_be_a_duplicate_is_refused(
    publishing: Publishing, options: TaskOptions
) -> None:
    async with publishing.open() as publisher:
        with pytest.raises(ValueError, match="neither"):
            await publisher.publish_group([welcome(1), (welcome(2), options)])


async def test_there_is_no_chain_and_no_group_of_nothing(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        with pytest.raises(ValueError, match="at least one"):
            await publisher.publish_chain([])
        with pytest.raises(ValueError, match="at least one"):
            await publisher.publish_group([])


async def test_a_chain_or_group_that_is_too_long_is_refused(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        with pytest.raises(ValueError, match=f"{MOST_STEPS} at most"):
            await publisher.publish_chain([welcome()] * (MOST_STEPS + 1))
        with pytest.raises(ValueError, match=f"{MOST_MEMBERS} at most"):
            await publisher.publish_group([welcome()] * (MOST_MEMBERS + 1))

    assert publishing.take_delivered() == []


async def test_the_longest_chain_is_delivered(publishing: Publishing) -> None:
    async with publishing.open() as publisher:
        receipt = await publisher.publish_chain([welcome()] * MOST_STEPS, on_failure=welcome())

    assert [task.id for task in publishing.take_delivered()] == [receipt.id]
