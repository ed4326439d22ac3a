"""Encrypted tasks on a real worker and a real Redis, in which no value can be read at any time."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

import pytest
import redis
from dramatiq import Message
from structlog.testing import capture_logs

from internal.infrastructure.clock import SystemClock
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import pool_of
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.publishing.enqueuer import Enqueuer
from internal.infrastructure.taskqueue.publishing.publisher import DramatiqTaskPublisher
from internal.infrastructure.taskqueue.scheduling.periodic import PeriodicTask, validate_schedule
from internal.infrastructure.taskqueue.scheduling.scheduler import Scheduler
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.infrastructure.worker.actors import declare_actors
from internal.ports.task_inspector import TaskAction, TaskFilter
from internal.ports.tasks import TaskContext, TaskOptions, TaskState
from tests.support.payload_keys import cipher
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.redis_contents import contents
from tests.support.schedulers import scheduling, until_published
from tests.support.taskqueue.engine import PREFIX, WEIGHTS
from tests.support.taskqueue.inspectors import inspector_on
from tests.support.taskqueue.workers import working

HOUR = timedelta(hours=1)
CANARY = "canary-"
SHORT_GRACE = Timing(unknown_every=timedelta(milliseconds=50), unknown_grace=timedelta(milliseconds=220))
Work = Callable[[DramatiqTaskPublisher], Coroutine[Any, Any, Any]]
Keys = tuple[str, ...]  # their ids
NEW, ROTATED, OLD, NONE = ("new",), ("new", "old"), ("old",), ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Greet:
    task_name: ClassVar[str] = "test:greet"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    # A worker that ignored the envelope would run with this name.
    name: str = "nobody"


def greet(name: str) -> Greet:
    return Greet(name=f"{CANARY}{name}")


def codec_with(keys: Keys) -> TaskCodec:
    return TaskCodec([Greet], cipher(*keys) if keys else None)


class Place:
    """A Redis, and the names that handlers were given."""

    def __init__(self, redis_url: str) -> None:
        self.url = redis_url
        self.greeted: list[str] = []
        self.handle: Callable[[], Awaitable[None]] = _succeed

    def broker(self, *, keys: Keys, timing: Timing | None = None) -> RedisBroker:
        broker = RedisBroker(url=self.url, timing=timing, payload_keys=keys)
        declare_actors(
            broker,
            codec=codec_with(keys),
            clock=SystemClock(),
            task_types=[Greet],
            resolve=lambda _: self._greet,
        )
        return broker

    async def _greet(self, task: Greet, context: TaskContext) -> None:
        self.greeted.append(task.name.removeprefix(CANARY))
        await self.handle()

    @contextmanager
    def worker(self, *, keys: Keys, timing: Timing | None = None) -> Iterator[None]:
        broker = self.broker(keys=keys, timing=timing)
        with working(broker):
            yield
        broker.close()

    def publish(self, work: Work, keys: Keys = NEW) -> Any:
        async def run() -> Any:
            async with publisher_on(self.url, keys) as publisher:
                return await work(publisher)

        found = asyncio.run(run())
        self.assert_unreadable()
        return found

    def states(self) -> list[str]:
        return [task.state for task in queued(self.url)]

    def messages(self) -> list[Message[Any]]:
        return [task.message for task in queued(self.url)]

    def replace(self, task_id: str, message: Message[Any]) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.hset(f"{PREFIX}:default:messages", task_id, message.encode())

    def assert_unreadable(self) -> None:
        assert CANARY not in contents(self.url)


async def _succeed() -> None:
    pass


@asynccontextmanager
async def publisher_on(url: str, keys: Keys) -> AsyncIterator[DramatiqTaskPublisher]:
    publisher = DramatiqTaskPublisher(
        enqueuer=Enqueuer(pool_of(url), namespace=PREFIX),
        encoder=TaskEncoder(codec=codec_with(keys), new_id=uuid4),
        queues=tuple(WEIGHTS),
        clock=SystemClock(),
    )
    yield publisher
    await publisher.close()


@pytest.fixture
def place(redis_url: str) -> Place:
    return Place(redis_url)


@pytest.mark.parametrize("published_with", [NEW, OLD, NONE], ids=repr)
def test_a_worker_runs_what_any_of_its_keys_or_none_has_encrypted(place: Place, published_with: Keys) -> None:
    async def run() -> None:
        async with publisher_on(place.url, published_with) as publisher:
            await publisher.publish(greet("Ada"))

    asyncio.run(run())
    assert (CANARY in contents(place.url)) is (published_with == NONE)
    with place.worker(keys=ROTATED):
        eventually(lambda: place.greeted == ["Ada"] and place.states() == [], within=5)


def test_chains_groups_and_delayed_tasks_arrive(place: Place) -> None:
    place.publish(lambda publisher: publisher.publish_chain([greet("one"), greet("two")]))
    place.publish(lambda publisher: publisher.publish_group([greet("a"), greet("b")], then=greet("then")))
    place.publish(lambda publisher: publisher.publish(greet("later"), delay=timedelta(milliseconds=100)))

    with place.worker(keys=NEW):
        eventually(lambda: len(place.greeted) == 6 and place.states() == [], within=5)

    assert set(place.greeted) == {"one", "two", "a", "b", "then", "later"}
    assert place.greeted.index("one") < place.greeted.index("two")


def test_equal_tasks_are_unique_although_their_ciphertexts_differ(place: Place) -> None:
    async def publish(publisher: DramatiqTaskPublisher) -> list[bool | None]:
        same = [(greet(name), TaskOptions(unique_for=HOUR)) for name in ("Ada", "Ada", "Grace")]
        return [receipt.duplicate for receipt in await publisher.publish_many(same)]

    assert place.publish(publish) == [False, True, False]
    assert place.publish(publish, ROTATED) == [True, True, True]
    assert place.publish(publish, OLD) == [False, True, False]


def test_a_task_that_fails_stays_encrypted_and_runs_again(place: Place) -> None:
    async def fail() -> None:
        raise ConnectionError(f"no answer for {greet('Ada').name}")

    place.handle = fail
    place.publish(lambda publisher: publisher.publish(greet("Ada"), task_id="1"))
    with capture_logs() as logs, place.worker(keys=NEW):
        eventually(lambda: place.states() == ["retry"], within=5)
        place.assert_unreadable()
        assert "no answer for [hidden]" in contents(place.url)
        eventually(lambda: "no answer for [hidden]" in repr(logs), within=5)
        assert CANARY not in repr(logs)
        place.handle = _succeed
        act(place, TaskAction.RUN, "1")
        eventually(lambda: place.states() == [], within=5)

    assert place.greeted == ["Ada", "Ada"]


def act(place: Place, action: TaskAction, *task_ids: str) -> None:
    async def run() -> None:
        async with inspector_on(place.url) as inspector:
            assert not (await inspector.act(action, "default", task_ids)).refused

    asyncio.run(run())


def test_periodic_tasks_are_encrypted(place: Place) -> None:
    entry = PeriodicTask(name="greet", spec="@every 1s", task=greet("tick"))

    async def schedule() -> None:
        async with publisher_on(place.url, NEW) as publisher:
            entries = validate_schedule([entry], encoder=publisher)
            scheduler = Scheduler(entries, encoder=publisher, pool=pool_of(place.url), namespace=PREFIX)
            async with scheduling(scheduler):
                await until_published(place.url, 1)

    asyncio.run(schedule())

    place.assert_unreadable()
    with place.worker(keys=NEW):
        eventually(lambda: "tick" in place.greeted and place.states() == [], within=5)


@pytest.mark.parametrize("keys", [NONE, OLD], ids=repr)
def test_a_worker_without_the_key_leaves_the_task_to_others(place: Place, keys: Keys) -> None:
    place.publish(lambda publisher: publisher.publish(greet("Ada"), task_id="1", max_retries=0))

    with place.worker(keys=keys):
        eventually(lambda: place.states() == ["scheduled"], within=5)
    act(place, TaskAction.RUN, "1")
    with place.worker(keys=NEW):
        eventually(lambda: place.states() == [], within=5)

    assert place.greeted == ["Ada"]


def test_a_task_whose_key_is_gone_is_archived_and_runs_once_the_key_is_back(place: Place) -> None:
    place.publish(lambda publisher: publisher.publish(greet("Ada"), task_id="1"))
    [published] = place.messages()

    with place.worker(keys=OLD, timing=SHORT_GRACE):
        eventually(lambda: place.states() == ["archived"], within=5)
    [archived] = place.messages()
    act(place, TaskAction.RUN, "1")
    with place.worker(keys=ROTATED):
        eventually(lambda: place.states() == [], within=5)

    assert archived.kwargs == published.kwargs
    assert place.greeted == ["Ada"]


def test_a_payload_that_was_changed_or_moved_is_archived(place: Place) -> None:
    async def publish(publisher: DramatiqTaskPublisher) -> None:
        for number in ("1", "2"):
            await publisher.publish(greet(number), task_id=number)

    place.publish(publish)
    one, two = (message.kwargs["$encrypted"] for message in place.messages())
    for message, envelope in zip(
        place.messages(), (two, one | {"data": "AAAA" + one["data"][4:]}), strict=True
    ):
        place.replace(message.message_id, message.copy(kwargs={"$encrypted": envelope}))

    with place.worker(keys=NEW):
        eventually(lambda: place.states() == ["archived", "archived"], within=5)

    assert place.greeted == []


def test_an_operator_with_the_key_sees_and_filters_payloads(place: Place) -> None:
    place.publish(lambda publisher: publisher.publish_many([greet("Ada"), greet("Grace")]))
    only = TaskFilter(payload="grace")

    async def read(keys: Keys) -> list[object]:
        async with inspector_on(place.url, cipher=cipher(*keys)) as inspector:
            page = await inspector.tasks("default", TaskState.PENDING, only=only)
            everything = await inspector.tasks("default", TaskState.PENDING, newest_first=False)
            tasks = [await inspector.task("default", task.id) for task in everything.tasks]
        return [task.payload for task in (*page.tasks, *tasks)]

    with_key, without = asyncio.run(read(ROTATED)), asyncio.run(read(OLD))

    names = [f"{CANARY}{name}" for name in ("Grace", "Ada", "Grace")]
    assert with_key == [{"name": name} for name in names]
    assert without == ["encrypted with key new"] * 2
    assert json.dumps(without)
