"""Queues that are declared while the worker works or idles: without being told it looks every 5 s."""

import time
from collections.abc import Iterator

import dramatiq
import pytest

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol.timing import Timing
from tests.support.polling import eventually
from tests.support.taskqueue.workers import broker_on, working

SOON = 1  # second


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    broker = broker_on(redis_url, timing=Timing())
    yield broker
    broker.close()


def wait_in_redis(broker: RedisBroker) -> None:
    """Until the worker's second connection waits for a wake token."""
    eventually(lambda: any(client["cmd"] == "blpop" for client in broker.client.client_list()), within=5)


def test_a_task_of_a_queue_declared_later_starts_at_once(broker: RedisBroker) -> None:
    ran: list[str] = []
    broker.declare_queue("early")
    with working(broker):
        wait_in_redis(broker)

        for queue in ("later", "latest"):

            @dramatiq.actor(broker=broker, queue_name=queue, actor_name=queue)
            async def run(name: str) -> None:
                ran.append(name)

            run.send(queue)
            eventually(lambda: ran[-1:] == [queue], within=SOON)  # noqa: B023 - called at once


def test_a_worker_that_began_with_no_queue_at_all_serves_the_first(broker: RedisBroker) -> None:
    ran: list[bool] = []
    with working(broker):
        wait_in_redis(broker)

        @dramatiq.actor(broker=broker)
        async def run() -> None:
            ran.append(True)

        run.send()

        eventually(lambda: ran == [True], within=SOON)


def test_a_queue_declared_within_a_task_is_served(broker: RedisBroker) -> None:
    ran: list[bool] = []

    @dramatiq.actor(broker=broker, queue_name="inner", actor_name="inner")
    async def inner() -> None:
        ran.append(True)

    broker.queues.discard("inner")

    @dramatiq.actor(broker=broker)
    async def declare() -> None:
        broker.declare_queue("inner")  # on the worker's own loop
        inner.send()

    with working(broker):
        declare.send()

        eventually(lambda: ran == [True], within=SOON)


def test_queues_that_the_worker_was_not_given_are_not_served(broker: RedisBroker) -> None:
    ran: list[str] = []

    @dramatiq.actor(broker=broker, queue_name="mine")
    async def mine() -> None:
        ran.append("mine")

    with working(broker, queues={"mine"}):

        @dramatiq.actor(broker=broker, queue_name="others")
        async def others() -> None:
            ran.append("others")

        others.send()
        mine.send()
        eventually(lambda: ran == ["mine"], within=SOON)
        time.sleep(0.1)

    assert ran == ["mine"]
    assert broker.qsize("others") == 1


def test_a_worker_that_was_stopped_leaves_nothing_in_the_broker(broker: RedisBroker) -> None:
    before = list(broker.middleware)

    with working(broker):
        assert broker.middleware != before

    assert broker.middleware == before
