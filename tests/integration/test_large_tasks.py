"""Tasks that are large for the network: each fetch returns what arrives in time."""

import time
from collections.abc import Iterator
from datetime import timedelta

import dramatiq
import pytest

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol.timing import Timing
from tests.support.polling import eventually
from tests.support.proxy import Proxy
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import broker_on, working

MEGABYTE = 1_000_000
LARGEST = 16 * MEGABYTE  # older versions had no limit


@pytest.fixture
def network(redis_url: str) -> Iterator[Proxy]:
    with Proxy(redis_url).running() as proxy:
        yield proxy


@pytest.fixture
def near(redis_url: str) -> Iterator[RedisBroker]:
    broker = broker_on(redis_url, most_bytes=LARGEST)
    yield broker
    broker.close()


@pytest.fixture
def far(network: Proxy) -> Iterator[RedisBroker]:
    broker = broker_on(network.url, timing=Timing(lease=timedelta(seconds=15)))
    yield broker
    broker.close()


def recorder(broker: RedisBroker) -> tuple["dramatiq.Actor[[str, str], None]", list[str]]:
    ran: list[str] = []

    @dramatiq.actor(broker=broker)
    async def record(key: str, _: str) -> None:
        ran.append(key)

    broker.declare_queue("critical")
    return record, ran


def send(
    near: RedisBroker, actor: "dramatiq.Actor[[str, str], None]", key: str, size: int, queue: str
) -> None:
    near.enqueue(actor.message(key, "x" * size).copy(queue_name=queue))


@pytest.mark.parametrize(
    ("rate", "tasks", "size"),
    [
        (100 / 8 * MEGABYTE, 10, 3 * MEGABYTE),  # all of them take longer than an answer may
        (MEGABYTE, 1, 3 * MEGABYTE),  # one does
    ],
)
def test_large_tasks_run_once_each(
    network: Proxy, near: RedisBroker, far: RedisBroker, redis_url: str, rate: float, tasks: int, size: int
) -> None:
    actor, ran = recorder(far)
    keys = [f"{number:03}" for number in range(tasks)]
    for key in keys:
        send(near, actor, key, size, "default")
    network.rate = rate

    with working(far, worker_threads=10):
        eventually(lambda: len(ran) == tasks and not queued(redis_url), within=20)

    assert ran == keys


def test_large_tasks_hold_up_no_other_queue(
    network: Proxy, near: RedisBroker, far: RedisBroker, redis_url: str
) -> None:
    actor, ran = recorder(far)
    for number in range(20):
        send(near, actor, f"large-{number}", MEGABYTE, "critical")
        send(near, actor, f"small-{number}", 10, "default")
    network.rate = 10 * MEGABYTE

    with working(far, worker_threads=10, weights={"critical": 6, "default": 3}):
        eventually(lambda: len(ran) == 40, within=20)

    first = ran[:15]
    assert sum(key.startswith("small") for key in first) >= 3
    assert [key for key in ran if key.startswith("large")] == [f"large-{number}" for number in range(20)]
    assert [key for key in ran if key.startswith("small")] == [f"small-{number}" for number in range(20)]
    assert queued(redis_url) == []


def test_a_message_left_for_a_larger_fetch_wakes_another_worker(near: RedisBroker, redis_url: str) -> None:
    """The one that comes first cannot take all of it, and has no room for more before it is done."""
    one, other = broker_on(redis_url), broker_on(redis_url)
    started: list[str] = []

    def declare(broker: RedisBroker, name: str) -> "dramatiq.Actor[[str, str], None]":
        @dramatiq.actor(broker=broker, actor_name="work")
        def work(key: str, _: str) -> None:
            started.append(f"{name}-{key}")
            time.sleep(1)

        return work

    actor = declare(one, "one")
    declare(other, "other")
    with working(one, worker_threads=2), working(other, worker_threads=2):
        for number in range(4):
            send(near, actor, str(number), MEGABYTE, "default")

        eventually(lambda: len(started) == 4, within=0.9)
    one.close()
    other.close()
