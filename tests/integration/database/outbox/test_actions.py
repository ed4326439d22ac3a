"""Operator actions on rows, and their effect on the tasks in Redis."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.outbox.inspector import SqlAlchemyOutboxInspector
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.tasks.completion_log import Completion
from internal.ports.idempotency import Done
from internal.ports.outbox_inspector import OutboxAction, OutboxState
from internal.ports.unavailable import Unavailable
from tests.fakes.task_transport import FakeTaskTransport
from tests.support.outbox_rows import make_due, publish, relay, store_due
from tests.support.taskqueue.engine import Engine, Hand, engine_on

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
REDRIVE, DISCARD = OutboxAction.REDRIVE, OutboxAction.DISCARD


@pytest.fixture
def engine(redis_url: str, container: Container) -> Iterator[Engine]:  # noqa: ARG001 - it is emptied first
    with engine_on(redis_url) as engine:
        yield engine


@pytest.fixture
async def cut_off(settings: Settings, container: Container) -> AsyncIterator[Container]:
    """The same Postgres, without its Redis."""
    away = Container(settings=settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    async with open_resources(away):
        yield away
    await container.database.outbox_relay().close()


async def publish_marked(container: Container, **overrides: timedelta) -> str:
    task_id = await publish(container, **overrides)  # type: ignore[arg-type]  # only delays are given
    await container.database.outbox_relay().close()
    return task_id


async def give_up(container: Container, engine: Engine, task_id: str) -> None:
    """As a worker does: in Postgres first."""
    hand = Hand(engine)
    [delivery] = hand.fetch()
    await container.database.completion_log().close([Completion(task_id=task_id, succeeded=False)])
    hand.settle(delivery, Outcome(Kind.ARCHIVED, note=b"ValueError"))


async def state(container: Container, task_id: str) -> OutboxState:
    return (await container.inspection().outbox().row(task_id)).state


async def test_a_task_that_was_given_up_is_in_redis_again_from_its_beginning(
    container: Container, engine: Engine
) -> None:
    task_id = await publish_marked(container)
    await give_up(container, engine, task_id)
    assert engine.states() == {task_id: "archived"}

    result = await container.inspection.outbox().act(REDRIVE, [task_id])

    assert list(result.done) == [task_id]
    assert engine.states() == {task_id: "pending"}
    assert await state(container, task_id) is OutboxState.FORWARDED
    assert await container.database.completion_log().closed([task_id]) == {}


async def test_a_task_that_was_given_up_and_is_gone_is_in_redis_again(
    container: Container, engine: Engine
) -> None:
    task_id = await publish_marked(container)
    await give_up(container, engine, task_id)
    engine.client.flushdb()

    await container.inspection.outbox().act(REDRIVE, [task_id])

    assert engine.states() == {task_id: "pending"}


async def test_a_reopened_row_that_cannot_be_enqueued_is_left_to_the_sweepers(
    container: Container, engine: Engine
) -> None:
    task_id = await publish_marked(container)
    await give_up(container, engine, task_id)
    without_redis = SqlAlchemyOutboxInspector(
        engine=container.database.engine(),
        relay=relay(container, FakeTaskTransport(down=True)),
        tasks=container.inspection.tasks(),
    )

    with pytest.raises(Unavailable):
        await without_redis.act(REDRIVE, [task_id])
    assert await state(container, task_id) is OutboxState.WAITING
    await make_due(container)
    await container.database.outbox_relay().sweep()

    assert engine.states() == {task_id: "pending"}


async def test_an_effect_that_was_made_is_not_made_again(container: Container, engine: Engine) -> None:
    task_id = await publish_marked(container)
    await container.database.idempotency().claim(task_id, HOUR)
    await container.database.idempotency().complete(task_id)
    await give_up(container, engine, task_id)

    await container.inspection.outbox().act(REDRIVE, [task_id])

    assert await container.database.idempotency().claim(task_id, HOUR) == Done()


async def test_a_task_that_redis_has_is_not_doubled_and_keeps_its_time(
    container: Container, engine: Engine
) -> None:
    later, now = await publish_marked(container, delay=HOUR), await publish_marked(container)

    result = await container.inspection.outbox().act(REDRIVE, [later, now])

    assert list(result.done) == [later, now]
    assert engine.states() == {later: "scheduled", now: "pending"}


async def test_a_lost_task_is_back_in_redis_at_once(container: Container, engine: Engine) -> None:
    ids = {await publish_marked(container), await publish_marked(container)}
    await store_due(container, "waiting")
    engine.client.flushdb()
    inspector = container.inspection.outbox()

    for state_ in (OutboxState.FORWARDED, OutboxState.WAITING):
        async for result in inspector.act_on_all(REDRIVE, state_):
            assert result.refused == {}

    assert engine.states() == dict.fromkeys([*ids, "waiting"], "pending")


async def test_an_equal_task_is_in_the_way(container: Container, engine: Engine) -> None:
    first = await publish_marked(container, unique_for=HOUR)
    await store_due(container, "second", options={"queue": "default", "unique_for": "PT1H"})
    await _same_payload(container, first, "second")

    result = await container.inspection.outbox().act(REDRIVE, ["second"])

    assert result.refused.keys() == {"second"}
    assert engine.states() == {first: "pending"}
    assert await state(container, "second") is OutboxState.DUPLICATE


async def _same_payload(container: Container, of: str, to: str) -> None:
    payload = select(outbox.c.payload).where(outbox.c.id == of).scalar_subquery()
    options = select(outbox.c.options).where(outbox.c.id == of).scalar_subquery()
    async with container.database.engine().begin() as connection:
        await connection.execute(
            update(outbox).where(outbox.c.id == to).values(payload=payload, options=options)
        )


async def test_a_discarded_task_is_removed_from_redis(container: Container, engine: Engine) -> None:
    pending, later = await publish_marked(container), await publish_marked(container, delay=HOUR)
    await store_due(container, "waiting")

    result = await container.inspection.outbox().act(DISCARD, [pending, later, "waiting"])

    assert result.refused == {}
    assert engine.states() == {}
    for task_id in (pending, later, "waiting"):
        assert await state(container, task_id) is OutboxState.GIVEN_UP
    assert await container.database.outbox_relay().sweep() == 0


async def test_a_discarded_task_can_be_restored(container: Container, engine: Engine) -> None:
    task_id = await publish_marked(container)
    await container.inspection.outbox().act(DISCARD, [task_id])

    await container.inspection.outbox().act(REDRIVE, [task_id])

    assert engine.states() == {task_id: "pending"}


@pytest.mark.parametrize("action", OutboxAction)
async def test_nothing_is_done_while_redis_is_away(
    container: Container, engine: Engine, cut_off: Container, action: OutboxAction
) -> None:
    open_, given_up = await publish_marked(container), await publish_marked(container, delay=HOUR)
    await container.inspection.outbox().act(DISCARD, [given_up])
    before = engine.states()

    with pytest.raises(Unavailable):
        await cut_off.inspection.outbox().act(action, [open_, given_up])

    assert engine.states() == before
    assert await state(container, open_) is OutboxState.FORWARDED
    assert await state(container, given_up) is OutboxState.GIVEN_UP
