from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import redis

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.tasks.encoded_task import EncodedTask, Followers
from internal.infrastructure.tasks.transport import TaskTransport
from internal.ports.tasks import TaskOptions
from internal.ports.unavailable import Unavailable
from tests.fakes.task_transport import FakeTaskTransport

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Sending:
    """`end`: the task of this id, on the default queue, has run and is kept."""

    transport: TaskTransport
    end: Callable[[str], None]


in_every_way = pytest.fixture(params=["fake", "dramatiq"])


@in_every_way
def sending(request: pytest.FixtureRequest) -> Sending:
    if request.param == "fake":
        transport = FakeTaskTransport()
        return Sending(transport, transport.ended.add)
    container: Container = request.getfixturevalue("container")
    redis_url: str = request.getfixturevalue("redis_url")

    def end(task_id: str) -> None:
        with redis.Redis.from_url(redis_url) as client:
            client.zrem("{pyhexaclean}:default:pending", task_id)
            client.zadd("{pyhexaclean}:default:completed", {task_id: 1})

    return Sending(container.taskqueue.publisher(), end)


@in_every_way
def unreachable(request: pytest.FixtureRequest, settings: Settings) -> TaskTransport:
    if request.param == "fake":
        return FakeTaskTransport(down=True)
    away = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    return Container(settings=away).taskqueue().publisher()


def task(number: str, *, followers: Followers | None = None, **options: object) -> EncodedTask:
    return EncodedTask(
        id=number,
        name="email:welcome",
        payload={"name": "Ada"},
        options=replace(TaskOptions(), **options),  # type: ignore[arg-type]  # options of a task
        followers=followers,
    )


async def test_finds_the_tasks_that_it_was_sent(sending: Sending) -> None:
    duplicates = await sending.transport.send([task("1"), task("2", queue="low")])

    asked = [("default", "1"), ("low", "2"), ("default", "3")]
    assert duplicates == set()
    assert await sending.transport.existing(asked) == {"1", "2"}


async def test_sends_nothing_if_there_is_nothing(sending: Sending) -> None:
    assert await sending.transport.send([]) == set()


async def test_looks_for_a_task_on_its_queue_alone(sending: Sending) -> None:
    await sending.transport.send([task("1")])

    assert await sending.transport.existing([("low", "1")]) == set()


async def test_a_task_that_is_sent_again_is_not_a_duplicate(sending: Sending) -> None:
    await sending.transport.send([task("1")])

    assert await sending.transport.send([replace(task("1"), was_sent=True)]) == set()


async def test_a_task_that_has_ended_is_a_duplicate(sending: Sending) -> None:
    await sending.transport.send([task("1")])
    sending.end("1")

    assert await sending.transport.send([task("1"), task("2")]) == {"1"}
    assert await sending.transport.existing([("default", "1")]) == {"1"}


async def test_a_chosen_id_that_is_taken_on_another_queue_is_a_duplicate(sending: Sending) -> None:
    await sending.transport.send([task("1", task_id="1")])

    assert await sending.transport.send([task("1", task_id="1", queue="low")]) == {"1"}


@pytest.mark.parametrize("key", [None, "key"])
async def test_the_second_of_equal_tasks_is_a_duplicate(sending: Sending, key: str | None) -> None:
    first, second = (task(number, unique_for=HOUR, unique_key=key) for number in "12")

    assert await sending.transport.send([first, second]) == {"2"}
    assert await sending.transport.existing([("default", "1"), ("default", "2")]) == {"1"}


async def test_equal_tasks_of_different_queues_are_not_duplicates(sending: Sending) -> None:
    first, second = (task(queue, unique_for=HOUR, queue=queue) for queue in ("default", "low"))

    assert await sending.transport.send([first, second]) == set()


async def test_accepts_tasks_for_its_queues(sending: Sending) -> None:
    sending.transport.check([task("1"), task("2", queue="critical")])


async def test_refuses_a_queue_that_it_does_not_know(sending: Sending) -> None:
    with pytest.raises(ValueError, match="unknown queue 'attic'"):
        sending.transport.check([task("1"), task("2", queue="attic")])


async def test_refuses_a_follower_for_a_queue_that_it_does_not_know(sending: Sending) -> None:
    followers = Followers(on_success=(task("2", queue="attic"),))

    with pytest.raises(ValueError, match="unknown queue 'attic'"):
        sending.transport.check([task("1", followers=followers)])


async def test_says_that_it_cannot_be_reached(unreachable: TaskTransport) -> None:
    with pytest.raises(Unavailable):
        await unreachable.send([task("1")])
    with pytest.raises(Unavailable):
        await unreachable.existing([("default", "1")])
