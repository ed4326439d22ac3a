"""Actors, publisher, outbox: a value that is accepted arrives unchanged, any other is refused at the call."""

import enum
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import dramatiq
import pytest
import redis
from dependency_injector import providers
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.protocol.encoder import JSONEncoder
from internal.infrastructure.tasks.codec import TaskCodec
from internal.ports.tasks import TaskOptions
from tests.support.faults.rounds import IS_LONG
from tests.support.outbox_rows import make_due
from tests.support.taskqueue.engine import Engine, Hand

pytestmark = pytest.mark.anyio

tried = settings(
    max_examples=2_000 if IS_LONG else 60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


# Values with and without a form in JSON.
texts = st.text(st.characters(exclude_categories=()), max_size=5)  # lone surrogates and NUL included
numbers = st.integers() | st.integers(-(2**70), 2**70) | st.floats()
times = st.datetimes(timezones=st.none() | st.timezones()) | st.timedeltas() | st.dates() | st.times()
others = st.binary(max_size=5) | st.uuids() | times | st.decimals() | st.complex_numbers()
scalars = st.none() | st.booleans() | numbers | texts | others | st.sampled_from(Colour)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(texts, inner, max_size=3)
        | st.dictionaries(st.integers() | texts | st.booleans() | st.none(), inner, max_size=3)
    ),
    max_leaves=6,
) | st.sets(st.integers() | texts, max_size=3)


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Anything:
    """A task whose field may be anything, and that has fields of types that JSON lacks."""

    task_name: ClassVar[str] = "test:anything"
    task_options: ClassVar[TaskOptions] = TaskOptions(queue="low")

    value: Any = None
    counts: dict[int, str] | None = None
    numbers: frozenset[int] = frozenset()
    pair: tuple[int, str] | None = None
    raw: bytes | None = None
    price: Decimal | None = None
    ratio: float = 0
    at: datetime | None = None
    took: timedelta | None = None
    user_id: UUID | None = None
    colour: Colour | None = None
    words: str = ""


tasks = st.builds(Anything, value=values) | st.builds(
    Anything,
    counts=st.none() | st.dictionaries(st.integers(), texts, max_size=3),
    numbers=st.frozensets(st.integers(), max_size=3),
    pair=st.none() | st.tuples(st.integers(), texts),
    raw=st.none() | st.binary(max_size=9),
    price=st.none() | st.decimals(),
    ratio=st.floats() | st.integers(),
    at=st.none() | st.datetimes(timezones=st.none() | st.timezones()),
    took=st.none() | st.timedeltas(),
    user_id=st.none() | st.uuids(),
    colour=st.none() | st.sampled_from(Colour),
    words=texts,
)

CODEC = TaskCodec([Anything])


@pytest.fixture
def hand(redis_url: str) -> Iterator[Hand]:
    with redis.Redis.from_url(redis_url) as client:
        yield Hand(Engine(redis_url, client))


@pytest.fixture
def accepting(container: Container) -> Container:
    container.taskqueue.codec.override(providers.Object(CODEC))
    return container


def take(hand: Hand) -> Any:
    """The message of the only task, as a worker reads it; None if there is no task."""
    deliveries = hand.fetch(2)
    for delivery in deliveries:
        hand.settle(delivery)
    assert len(deliveries) <= 1
    return deliveries[0] if deliveries else None


@contextmanager
def encoding_with(encoder: dramatiq.Encoder) -> Iterator[None]:
    before = dramatiq.get_encoder()
    dramatiq.set_encoder(encoder)
    try:
        yield
    finally:
        dramatiq.set_encoder(before)


@pytest.mark.parametrize("encoder", [dramatiq.JSONEncoder(), JSONEncoder()], ids=["dramatiq's", "ours"])
@example(value=float("nan"))
@example(value=[float("-inf")])
@example(value="caf\udce9")
@example(value={"key\0": 1})
@example(value="\\u0000 is no NUL")
@example(value=b"bytes")
@example(value=(1, 2))
@example(value={1: "a"})
@example(value=2**64)
@example(value=10**5_000)
@example(value=nested(150))
@given(value=values)
@tried
def test_arguments_of_an_actor_arrive_unchanged(
    redis_url: str, hand: Hand, encoder: dramatiq.Encoder, value: Any
) -> None:
    broker = RedisBroker(url=redis_url)
    actor = dramatiq.actor(broker=broker, actor_name="work", queue_name="low")(lambda *_, **__: None)
    try:
        with encoding_with(encoder):
            actor.send_with_options(args=(value, 1), kwargs={"named": value})
    except ValueError:
        assert take(hand) is None
    else:
        with encoding_with(JSONEncoder()):  # a worker's
            delivery = take(hand)
        assert delivery.args == (value, 1)
        assert delivery.kwargs == {"named": value}
    finally:
        broker.close()


Publish = Callable[[Anything], Awaitable[object]]


async def arrives_or_is_refused(publish: Publish, task: Anything, hand: Hand) -> None:
    try:
        await publish(task)
    except ValueError:
        assert take(hand) is None
    else:
        delivery = take(hand)
        assert CODEC.decode(delivery.actor_name, delivery.kwargs) == task


@example(task=Anything(value=float("nan")))
@example(task=Anything(words="caf\udce9"))
@example(task=Anything(words="\0"))
@example(task=Anything(counts={1: "a", -(2**80): "b"}))
@example(task=Anything(ratio=1e300))
@example(task=Anything(ratio=True))
@example(task=Anything(value=Colour.RED))
@example(task=Anything(price=Decimal("sNaN")))
@example(task=Anything(words=5))  # type: ignore[arg-type]  # as a careless caller does
@example(task=Anything(value=nested(150)))
@given(task=tasks)
@tried
async def test_a_task_that_is_published_directly_arrives_unchanged(
    accepting: Container, hand: Hand, task: Anything
) -> None:
    await arrives_or_is_refused(accepting.taskqueue.publisher().publish, task, hand)


@pytest.mark.parametrize("forwarded_by", ["the commit", "a sweeper"])
@example(task=Anything(value=[1e22, -0.0, 5e-324, 2**64, "\\u0000"], ratio=1.7e308))
@example(task=Anything(value=1.2345678901234567e18))
@example(task=Anything(value=float("inf")))
@example(task=Anything(words="\0"))
@example(task=Anything(value={"a\0": 1}))
@example(task=Anything(words="caf\udce9"))
@given(task=tasks)
@settings(tried, max_examples=1_000 if IS_LONG else 30)
async def test_what_a_unit_of_work_stores_arrives_unchanged(
    accepting: Container, hand: Hand, forwarded_by: str, task: Anything
) -> None:
    async def publish(task: Anything) -> None:
        refused: ValueError | None = None
        async with accepting.database.unit_of_work() as uow:
            try:
                await uow.tasks.publish(task)
            except ValueError as error:
                refused = error
            await uow.commit()  # the transaction goes on, whatever was refused
        if refused:
            raise refused
        if forwarded_by == "a sweeper":
            await accepting.database.outbox_relay().close()
            hand.engine.client.flushdb()
            async with accepting.database.engine().begin() as connection:
                await connection.execute(update(outbox).values(forwarded_at=None))
            await make_due(accepting)
            await accepting.database.outbox_relay().sweep()

    try:
        await arrives_or_is_refused(publish, task, hand)
    finally:
        await accepting.database.outbox_relay().close()
        async with accepting.database.engine().begin() as connection:
            await connection.execute(outbox.delete())


@example(name="surrogate", text="caf\udce9")
@example(name="nul", text="a\0b")
@given(name=texts, text=texts)
@settings(tried, max_examples=20)
async def test_text_in_options_arrives_unchanged(
    accepting: Container, hand: Hand, name: str, text: str
) -> None:
    async def publish(task: Anything) -> None:
        await accepting.taskqueue.publisher().publish(
            task, headers={name: text}, task_id=f"id {text}", unique_key=text, unique_for=timedelta(seconds=1)
        )

    try:
        await publish(Anything())
    except ValueError:
        assert take(hand) is None
    else:
        delivery = take(hand)
        assert (delivery.task_id, delivery.message_id) == (f"id {text}", f"id {text}")
        assert delivery.options["headers"] == {name: text}


@example(value=float("nan"))
@example(value={"at": datetime(2030, 1, 1, tzinfo=UTC)})
@example(value="caf\udce9")
@example(value=nested(150))
@given(value=values)
@tried
def test_a_result_is_read_as_it_was_written(hand: Hand, value: Any) -> None:
    hand.engine.publish("a", options={"retention": 1_000})
    [delivery] = hand.fetch()
    attempt = delivery.begin()
    try:
        delivery.write_result(value)
    except ValueError:
        assert attempt.result == b""
    else:
        hand.settle(delivery, Outcome(Kind.DONE, 1_000, note=attempt.result))
        kept = hand.engine.record("a")[b"result"]
        assert JSONEncoder().decode(b'{"value":' + kept + b"}")["value"] == value
    finally:
        hand.engine.client.flushdb()


async def test_a_message_in_a_message_is_sent_as_callbacks_and_pipelines_need_it(
    redis_url: str, hand: Hand
) -> None:
    broker = RedisBroker(url=redis_url)
    actor = dramatiq.actor(broker=broker, actor_name="work", queue_name="low")(lambda *_, **__: None)
    inner = actor.message_with_options(args=(1, "a"), pipe_target=actor.message(2).asdict())

    actor.send_with_options(args=(inner.asdict(), {"error": "no"}), pipe_target=inner.asdict())

    delivery = take(hand)
    assert delivery.args[0]["args"] == [1, "a"]
    assert delivery.options["pipe_target"]["options"]["pipe_target"]["args"] == [2]
    broker.close()


@pytest.mark.parametrize("levels", [90, 200, 400, 900, 5_000])
async def test_depth_is_limited_or_arrives(accepting: Container, hand: Hand, levels: int) -> None:
    async def publish(task: Anything) -> None:
        async with accepting.database.unit_of_work() as uow:
            await uow.tasks.publish(task)
            await uow.commit()

    for way in (accepting.taskqueue.publisher().publish, publish):
        await arrives_or_is_refused(way, Anything(value=nested(levels)), hand)
