"""Chains and groups: what follows is stored in the step in which the task ends."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

import pytest

from internal.infrastructure.clock import SystemClock
from internal.infrastructure.taskqueue.connections.connection import pool_of
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, Kind, Outcome
from internal.infrastructure.taskqueue.publishing.enqueuer import Enqueuer
from internal.infrastructure.taskqueue.publishing.publisher import DramatiqTaskPublisher
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.ports.task_snapshots import Neighbour
from internal.ports.tasks import MOST_STEPS, Publication, TaskOptions
from tests.support.taskqueue.engine import PREFIX, WEIGHTS, Engine, Hand
from tests.support.taskqueue.inspectors import inspector_on

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
KEPT = Outcome(Kind.DONE, 3_600_000)
ARCHIVED = Outcome(Kind.ARCHIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    task_name: ClassVar[str] = "step"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    name: str


A, B, C, FAILED, THEN = (Step(name=name) for name in ("a", "b", "c", "failed", "then"))


@pytest.fixture
async def publisher(redis_url: str) -> AsyncIterator[DramatiqTaskPublisher]:
    ids = count(1)
    publisher = DramatiqTaskPublisher(
        enqueuer=Enqueuer(pool_of(redis_url), namespace=PREFIX),
        encoder=TaskEncoder(codec=TaskCodec([Step]), new_id=lambda: UUID(int=next(ids))),
        queues=tuple(WEIGHTS),
        clock=SystemClock(),
    )
    yield publisher
    await publisher.close()


def run(hand: Hand, outcomes: dict[str, Outcome] | None = None) -> list[str]:
    """Run all that there is to run, with these outcomes, and return the names in their order."""
    ran: list[str] = []
    while deliveries := hand.fetch(10):
        for delivery in deliveries:
            name: Any = delivery.kwargs["name"]
            ran.append(name)
            assert hand.settle(delivery, (outcomes or {}).get(name, DONE)) == set()
    return ran


@pytest.mark.parametrize("outcome", [DONE, KEPT])
async def test_the_steps_of_a_chain_run_one_after_another(
    publisher: DramatiqTaskPublisher, hand: Hand, engine: Engine, outcome: Outcome
) -> None:
    receipt = await publisher.publish_chain([A, B, C], on_failure=FAILED)

    assert list(engine.states()) == [receipt.id]
    assert run(hand, {"a": outcome}) == ["a", "b", "c"]
    assert "pending" not in engine.states().values()


async def test_a_step_that_fails_and_runs_again_holds_up_the_chain(
    publisher: DramatiqTaskPublisher, hand: Hand, engine: Engine
) -> None:
    receipt = await publisher.publish_chain([A, B])
    assert run(hand, {"a": Outcome(Kind.RETRY, 3_600_000)}) == ["a"]

    engine.make_due(receipt.id, state="retry")

    assert run(hand) == ["a", "b"]


async def test_a_step_that_is_given_up_ends_the_chain(publisher: DramatiqTaskPublisher, hand: Hand) -> None:
    await publisher.publish_chain([A, B, C], on_failure=FAILED)

    assert run(hand, {"b": ARCHIVED}) == ["a", "b", "failed"]


async def test_a_later_step_keeps_its_options(
    publisher: DramatiqTaskPublisher, hand: Hand, engine: Engine
) -> None:
    later: Publication = (B, TaskOptions(queue="low", delay=HOUR, max_retries=3, max_running=1))
    await publisher.publish_chain([A, later])
    run(hand)

    [(task_id, state)] = engine.states().items()
    assert state == "scheduled"
    due: Any = engine.client.zscore(f"{PREFIX}:low:scheduled", task_id)
    assert abs(due / 1000 - datetime.now(UTC).timestamp() - 3600) < 5
    assert engine.record(task_id, queue="low")[b"max_running"] == b"1"


async def test_the_follower_of_a_group_runs_when_the_whole_group_is_done(
    publisher: DramatiqTaskPublisher, hand: Hand
) -> None:
    receipts = await publisher.publish_group([A, B, C], then=THEN, on_failure=FAILED)

    assert len({receipt.id for receipt in receipts}) == 3
    assert run(hand, {"b": KEPT}) == ["a", "b", "c", "then"]


async def test_a_group_tells_once_that_it_failed_and_is_done_when_all_are(
    publisher: DramatiqTaskPublisher, hand: Hand, engine: Engine
) -> None:
    receipts = await publisher.publish_group([A, B, C], then=THEN, on_failure=FAILED)
    assert run(hand, {"a": ARCHIVED, "b": ARCHIVED}) == ["a", "b", "c", "failed"]

    for receipt in receipts[:2]:  # as an operator does who runs them again
        engine.client.zrem(f"{PREFIX}:default:archived", receipt.id)
        engine.client.zadd(f"{PREFIX}:default:pending", {receipt.id: 0})

    assert run(hand) == ["a", "b", "then"]


async def test_a_task_that_is_delivered_twice_counts_once(
    publisher: DramatiqTaskPublisher, hand: Hand, engine: Engine
) -> None:
    [first, _] = await publisher.publish_group([A, B], then=THEN)
    [delivery] = hand.fetch(1)
    engine.make_due(first.id, state="active")
    [again] = Hand(engine).fetch(1)  # by another worker, while the first one is still at it

    assert hand.settle(delivery) == {first.id}
    assert hand.settle(again) == set()
    assert run(hand) == ["b", "then"]


async def test_a_chain_may_end_in_a_queue_of_its_own_and_wakes_a_worker_there(
    publisher: DramatiqTaskPublisher, engine: Engine
) -> None:
    await publisher.publish_chain([A, (B, TaskOptions(queue="critical"))])
    only_default = Hand(engine, weights={"default": 1})
    run(only_default)

    assert engine.client.llen(f"{PREFIX}:critical:wake") == 1


@pytest.mark.parametrize(
    "options", [TaskOptions(process_at=datetime(2100, 1, 1, tzinfo=UTC)), TaskOptions(queue="unknown")]
)
async def test_a_later_step_that_cannot_be_is_refused_before_anything_is_stored(
    publisher: DramatiqTaskPublisher, engine: Engine, options: TaskOptions
) -> None:
    with pytest.raises(ValueError, match=r"process_at|unknown queue"):
        await publisher.publish_chain([A, (B, options)])

    assert engine.states() == {}


async def test_operators_see_what_a_step_follows_and_what_follows_it(
    publisher: DramatiqTaskPublisher, hand: Hand, engine: Engine, redis_url: str
) -> None:
    first = await publisher.publish_chain([A, B], on_failure=FAILED)
    [delivery] = hand.fetch(1)
    async with inspector_on(redis_url) as inspector:
        before = (await inspector.task("default", first.id)).neighbours
        hand.settle(delivery, KEPT)
        [second] = [task_id for task_id in engine.states() if task_id != first.id]
        after = (await inspector.task("default", second)).neighbours

    assert before
    assert [(other.id, other.name) for other in before.on_success] == [(second, "step")]
    assert [other.name for other in before.on_failure] == ["step"]
    assert (before.follows, before.group) == (None, None)
    assert after
    assert after.follows == Neighbour(queue="default", id=first.id)
    assert list(after.on_success) == []


async def test_operators_see_how_far_a_group_is(
    publisher: DramatiqTaskPublisher, hand: Hand, engine: Engine, redis_url: str
) -> None:
    await publisher.publish_group([A, B], then=THEN)
    first, second = hand.fetch(2)
    hand.settle(first, DONE)
    async with inspector_on(redis_url) as inspector:
        member = (await inspector.task("default", second.task_id)).neighbours
        hand.settle(second, DONE)
        [then] = engine.states()
        last = (await inspector.task("default", then)).neighbours

    assert member
    assert member.group
    assert (member.group.size, member.group.done) == (2, 1)
    assert [other.id for other in member.on_success] == [then]
    assert last
    assert (last.follows, last.follows_group) == (None, member.group.id)


async def test_the_longest_chain_runs_to_its_end(publisher: DramatiqTaskPublisher, hand: Hand) -> None:
    names = [f"step-{number}" for number in range(MOST_STEPS)]
    await publisher.publish_chain([Step(name=name) for name in names], on_failure=FAILED)

    assert run(hand) == names
