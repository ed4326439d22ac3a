"""A lock until its expiry keeps equal tasks out for all of its time, whatever becomes of its task."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from sqlalchemy import update

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, Kind, Outcome
from internal.ports.task_inspector import TaskAction
from internal.ports.tasks import TaskOptions, TaskReceipt, TaskState, UniqueUntil
from tests.support.outbox_rows import make_due, welcome
from tests.support.polling import eventually
from tests.support.taskqueue.engine import PREFIX, Engine, Hand

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
End = Callable[[Container, Hand, str], Awaitable[None]]


@pytest.fixture
def hand(redis_url: str) -> Iterator[Hand]:
    with redis.Redis.from_url(redis_url) as client:
        yield Hand(Engine(redis_url, client))


@pytest.fixture
async def relayed(container: Container) -> AsyncIterator[Container]:
    yield container
    await container.database.outbox_relay().close()


async def publish(
    container: Container, until: UniqueUntil = "expiry", *, number: int = 1, unique_for: timedelta = DAY
) -> TaskReceipt:
    return (
        await container.taskqueue()
        .publisher()
        .publish(
            welcome(number), unique_for=unique_for, unique_key="digest:ada:2030-01-01", unique_until=until
        )
    )


def lock_of(hand: Hand) -> bytes:
    """The one lock that there is."""
    found: Any = hand.engine.client.keys(f"{PREFIX}:default:unique:*")
    [lock] = found
    return bytes(lock)


def settled_as(outcome: Outcome) -> End:
    async def end(_: Container, hand: Hand, __: str) -> None:
        [delivery] = hand.fetch()
        hand.settle(delivery, outcome)

    return end


def done_to_it(action: TaskAction) -> End:
    async def end(container: Container, _: Hand, task_id: str) -> None:
        result = await container.inspection.tasks().act(action, "default", [task_id])
        assert result.done == [task_id]

    return end


async def flushed(container: Container, _: Hand, __: str) -> None:
    container.worker.broker().flush("default")


ENDS = {
    "done": settled_as(DONE),
    "done and kept": settled_as(Outcome(Kind.DONE, 60_000)),
    "failed for good": settled_as(Outcome(Kind.ARCHIVED)),
    "archived": done_to_it(TaskAction.ARCHIVE),
    "deleted": done_to_it(TaskAction.DELETE),
    "flushed": flushed,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
async def test_an_equal_task_is_a_duplicate_after_the_end_too(
    container: Container, hand: Hand, end: End
) -> None:
    first = await publish(container)
    await end(container, hand, first.id)

    second = await publish(container, number=2)
    third = await publish(container, "done", number=3)

    assert [(other.duplicate, other.id) for other in (second, third)] == [(True, first.id)] * 2
    assert second.state in {TaskState.COMPLETED, TaskState.ARCHIVED}
    assert hand.engine.line() == []


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
async def test_a_lock_until_the_end_is_free_then(container: Container, hand: Hand, end: End) -> None:
    first = await publish(container, "done")
    await end(container, hand, first.id)

    assert (await publish(container, "done")).duplicate is False


async def test_an_equal_task_runs_when_the_time_is_over(container: Container, hand: Hand) -> None:
    first = await publish(container, unique_for=timedelta(seconds=1))
    await settled_as(DONE)(container, hand, first.id)

    lock = lock_of(hand)
    assert (await publish(container)).duplicate
    eventually(lambda: not hand.engine.client.exists(lock), within=10)

    assert not (await publish(container)).duplicate
    assert len(hand.engine.line()) == 1


async def test_the_same_id_is_a_duplicate_as_well(container: Container, hand: Hand) -> None:
    options = TaskOptions(task_id="own-id", unique_for=DAY, unique_until="expiry")
    await container.taskqueue.publisher().publish_many([(welcome(), options)])
    await settled_as(DONE)(container, hand, "own-id")

    [again] = await container.taskqueue.publisher().publish_many([(welcome(), options)])

    assert (again.id, again.duplicate) == ("own-id", True)


async def test_a_task_that_redis_has_lost_runs_although_its_lock_is_there(
    relayed: Container, hand: Hand
) -> None:
    async with relayed.database.unit_of_work() as uow:
        receipt = await uow.tasks.publish(welcome(), unique_for=DAY, unique_until="expiry")
        await uow.commit()
    await relayed.database.outbox_relay().close()
    hand.engine.client.delete(f"{PREFIX}:default:messages", f"{PREFIX}:default:pending")
    async with relayed.database.engine().begin() as connection:
        await connection.execute(update(outbox).values(missing_since=outbox.c.created_at))
    await make_due(relayed)

    await relayed.database.outbox_relay().sweep()

    assert hand.engine.line() == [receipt.id]


async def test_an_archived_task_that_has_the_lock_can_be_run_again(container: Container, hand: Hand) -> None:
    first = await publish(container)
    await settled_as(Outcome(Kind.ARCHIVED))(container, hand, first.id)

    await done_to_it(TaskAction.RUN)(container, hand, first.id)

    assert hand.engine.line() == [first.id]
    assert (await publish(container)).duplicate


async def test_a_lock_that_was_taken_while_the_clock_was_ahead_lasts_no_longer_than_asked_for(
    container: Container, hand: Hand
) -> None:
    first = await publish(container)
    await settled_as(DONE)(container, hand, first.id)
    lock = lock_of(hand)
    hand.engine.client.pexpire(lock, 2 * DAY)

    await publish(container)

    left: Any = hand.engine.client.pttl(lock)
    assert timedelta(milliseconds=left) <= DAY


async def test_the_inspector_shows_it(container: Container) -> None:
    first = await publish(container)
    plain = await container.taskqueue.publisher().publish(welcome(), unique_for=DAY)

    inspector = container.inspection.tasks()
    page = await inspector.tasks("default", TaskState.PENDING)
    found = [await inspector.task("default", first.id), *page.tasks]
    assert {(task.id, task.unique_for, task.unique_until) for task in found} == {
        (first.id, DAY, "expiry"),
        (plain.id, DAY, "done"),
    }
