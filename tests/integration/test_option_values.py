"""Options that are accepted are read back by worker and inspector; any other is a ValueError at the call."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import dramatiq
import pytest
import redis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.worker.worker import Worker
from internal.infrastructure.worker.actors import declare_actors
from internal.ports.option_rules import LARGEST, LATEST, LONGEST
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import Rate, TaskContext, TaskOptions, TaskPublisher, TaskState
from tests.support.faults.rounds import IS_LONG
from tests.support.outbox_rows import welcome
from tests.support.taskqueue.engine import Engine, Hand

pytestmark = pytest.mark.anyio

tried = settings(
    max_examples=1_000 if IS_LONG else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

MS = timedelta(milliseconds=1)
TOLERANCE = timedelta(seconds=10)
# What a careless caller may give, whatever the option.
odd = (
    st.booleans()
    | st.integers(-2, 3)
    | st.sampled_from([2**31, 2**53, 2**63, 2**64, 2**70, 2.0, 2.5, float("nan"), float("inf"), Fraction(2)])
    | st.text(max_size=3)
    | st.sampled_from(["caf\udce9", "nul\0", "x" * 300, b"bytes", [], {}, (), object()])
    | st.sampled_from([{"attempt": 1}, {1: "a"}, {"a": None}, {"a": "b\0"}, {"a": "\udce9"}])
    | st.sampled_from([timedelta.max, timedelta.min, timedelta(0), timedelta(microseconds=1)])
    | st.sampled_from(
        [
            datetime.max.replace(tzinfo=UTC),
            datetime.min.replace(tzinfo=UTC),
            datetime.max.replace(tzinfo=timezone(-timedelta(hours=14))),
            datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
            datetime(2030, 1, 1),  # noqa: DTZ001 - what is to be refused
            datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=1, seconds=30))),
        ]
    )
)
spans = st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda span: round(span / MS) * MS)
moments = st.datetimes(datetime(2027, 1, 1), datetime(2999, 1, 1), timezones=st.timezones())  # noqa: DTZ001 - hypothesis adds the zone
FITTING: Mapping[str, st.SearchStrategy[Any]] = {
    "queue": st.sampled_from(["critical", "default", "low"]),
    "task_id": st.text(max_size=5),
    "max_retries": st.integers(0, 2**53 - 1),
    "timeout": spans,
    "deadline": moments,
    "delay": spans,
    "process_at": moments,
    "unique_for": spans,
    "unique_key": st.text(max_size=5),
    "retention": spans,
    "headers": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    "max_running": st.integers(1, 2**53 - 1),
    "rate": st.builds(Rate, st.integers(1, 100), spans.filter(bool)),
    "limit_key": st.text(max_size=5),
}
# As a rule one option is odd, or none: several would all be refused.
given_options = st.fixed_dictionaries({}, optional=dict(FITTING)) | st.sampled_from(sorted(FITTING)).flatmap(
    lambda name: st.tuples(st.fixed_dictionaries({}, optional=dict(FITTING)), odd).map(
        lambda drawn: {**drawn[0], name: drawn[1]}
    )
)


@pytest.fixture
def hand(redis_url: str) -> Iterator[Hand]:
    with redis.Redis.from_url(redis_url) as client:
        yield Hand(Engine(redis_url, client))


@asynccontextmanager
async def direct(container: Container) -> AsyncIterator[TaskPublisher]:
    yield container.taskqueue.publisher()


@asynccontextmanager
async def in_unit_of_work(container: Container) -> AsyncIterator[TaskPublisher]:
    async with container.database.unit_of_work() as uow:
        yield uow.tasks
        await uow.commit()
    await container.database.outbox_relay().close()
    async with container.database.engine().begin() as connection:
        await connection.execute(outbox.delete())


def is_as_published(info: TaskInfo, options: TaskOptions, *, published_at: datetime) -> bool:
    due = options.process_at or published_at + (options.delay or timedelta(0))
    return (
        (info.max_retries, info.headers) == (options.max_retries, options.headers)
        and (info.timeout, info.retention)
        == (round(options.timeout / MS) * MS, round(options.retention / MS) * MS)
        and (info.due is None or abs(info.due - due) < TOLERANCE)
        and (info.due is not None or due - published_at < TOLERANCE)
        and (
            info.deadline is None
            if options.deadline is None
            else info.deadline is not None
            and abs(info.deadline - max(options.deadline, published_at)) < TOLERANCE
        )
    )


@pytest.mark.parametrize("way", [direct, in_unit_of_work])
@example(values={"headers": {"attempt": 1}})
@example(values={"unique_for": timedelta(hours=1), "unique_key": 42})
@example(values={"max_retries": True})
@example(values={"max_retries": 2.5})
@example(values={"max_running": 2.0})
@example(values={"deadline": datetime.max.replace(tzinfo=UTC)})
@example(values={"delay": timedelta.max})
@example(values={"timeout": timedelta(microseconds=100)})
@example(values={"process_at": datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=1, seconds=30)))})
@example(values={"delay": timedelta(days=365_250), "retention": timedelta(days=365_250)})
@given(values=given_options)
@tried
async def test_options_are_read_back_as_they_were_given(
    container: Container, hand: Hand, way: Any, values: dict[str, Any]
) -> None:
    published_at = datetime.now(UTC)
    try:
        options = TaskOptions(**values)
        async with way(container) as publisher:
            [receipt] = await publisher.publish_many([(welcome(), options)])
    except ValueError:
        return
    info = await container.inspection.tasks().task(receipt.queue, receipt.id)

    assert is_as_published(info, options, published_at=published_at)
    if info.due is None:
        [delivery] = hand.fetch(2)
        assert delivery.options["max_retries"] == options.max_retries
        assert delivery.options.get("headers", {}) == options.headers
        assert delivery.options["time_limit"] == round(options.timeout / MS)
    hand.engine.client.flushdb()


async def test_a_worker_honours_the_largest_values(container: Container) -> None:
    async def handler(task: SendWelcomeEmail, context: TaskContext) -> None:  # noqa: ARG001 - a TaskHandler
        context.write_result(context.max_retries)

    broker = container.worker.broker()
    declare_actors(
        broker,
        codec=container.taskqueue.codec(),
        clock=container.clock(),
        task_types=[SendWelcomeEmail],
        resolve=lambda _: handler,
    )
    options = TaskOptions(
        timeout=LONGEST,
        deadline=LATEST - timedelta(days=1),
        retention=LONGEST,
        max_retries=LARGEST,
        max_running=LARGEST,
        rate=Rate(LARGEST, LONGEST),
        unique_for=LONGEST,
        unique_until="expiry",
        headers={"\xe9": "\u2028"},
    )
    worker = Worker(broker)
    await asyncio.to_thread(worker.start)
    try:
        [receipt] = await container.taskqueue.publisher().publish_many([(welcome(), options)])
        result = await container.taskqueue.results().wait(
            receipt.queue, receipt.id, within=timedelta(seconds=10)
        )
    finally:
        await asyncio.to_thread(worker.stop)

    assert (result.state, result.value) == (TaskState.COMPLETED, LARGEST)
    [kept] = (await container.inspection.tasks().tasks(receipt.queue, TaskState.COMPLETED)).tasks
    assert kept.retention == LONGEST


OF_MESSAGES = (
    "retries",
    "max_retries",
    "min_backoff",
    "max_backoff",
    "time_limit",
    "max_age",
    "retention",
    "headers",
)


@pytest.mark.parametrize("is_declared", [False, True], ids=["of a message", "of an actor"])
@example(name="max_retries", value=True)
@example(name="max_retries", value=2.5)
@example(name="retries", value=2.5)
@example(name="retries", value="x")
@example(name="headers", value={"attempt": 1})
@example(name="time_limit", value=2**70)
@example(name="delay", value=timedelta.max)
@given(name=st.sampled_from([*OF_MESSAGES, "delay"]), value=odd)
@tried
async def test_options_of_plain_actors_are_read_back_or_refused(
    container: Container, hand: Hand, name: str, value: Any, *, is_declared: bool
) -> None:
    broker = RedisBroker(url=hand.engine.url)
    declared, sent = ({name: value}, {}) if is_declared else ({}, {name: value})
    try:
        actor: Any = dramatiq.actor(broker=broker, actor_name="work", **declared)(lambda: None)
        message = actor.send_with_options(**sent)
    except ValueError:
        assert hand.engine.states() == {}
    else:
        task_id = message.options["redis_message_id"]
        info = await container.inspection.tasks().task("default", task_id)
        assert info.raw is None
        if name in OF_MESSAGES and not is_declared:
            [delivery] = hand.fetch(2)
            assert delivery.options[name] == value
    finally:
        hand.engine.client.flushdb()
        broker.close()


@pytest.mark.parametrize("name", ["queue_name", "actor_name", "message_id"])
@pytest.mark.parametrize("value", [5, b"name", "", None, "nul\0", "caf\udce9"])
def test_a_message_with_names_that_are_not_text_is_refused(hand: Hand, name: str, value: Any) -> None:
    names: dict[str, Any] = {"queue_name": "low", "actor_name": "work", name: value}
    broker = RedisBroker(url=hand.engine.url)

    with pytest.raises(ValueError, match=rf"{name} must|cannot be stored"):
        broker.enqueue(dramatiq.Message(args=(), kwargs={}, options={}, **names))

    assert hand.engine.states() == {}
    broker.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("deadline", datetime.max.replace(tzinfo=UTC)),
        ("process_at", datetime.max.replace(tzinfo=UTC)),
        ("delay", timedelta.max),
        ("timeout", timedelta.max),
        ("retention", timedelta.max),
        ("unique_for", timedelta.max),
    ],
)
def test_a_time_that_is_too_far_is_one_clear_error(name: str, value: Any) -> None:
    with pytest.raises(
        ValueError, match=rf"^{name} must (not be longer than 365250 days|be within the years 1970 to 3999)$"
    ):
        TaskOptions(**{name: value})
