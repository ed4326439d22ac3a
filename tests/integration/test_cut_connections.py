"""Idle connections are cut while Redis stays up: nothing may fail."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta

import dramatiq
import pytest
import redis

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import IDLE_AFTER
from internal.infrastructure.taskqueue.inspection.write_probe import PROBE_INTERVAL
from internal.infrastructure.taskqueue.protocol.timing import Timing
from tests.support.faults.rounds import IS_LONG
from tests.support.outbox_rows import forwarded, publish, welcome
from tests.support.polling import eventually
from tests.support.proxy import Proxy
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import broker_on, working

pytestmark = pytest.mark.anyio

Cut = Callable[[Proxy, str], None]
TIMES = 3 if IS_LONG else 1
STARTS_WITHIN = 1.0  # seconds
# A connection that says nothing is given up when an answer is due.
STARTS_WITHIN_IN_SILENCE = 6.0


def closed_by_redis(_: Proxy, redis_url: str) -> None:
    """As one that has a `timeout` does."""
    with redis.Redis.from_url(redis_url) as client:
        client.client_kill_filter(_type="normal", skipme=True)


def reset(proxy: Proxy, _: str) -> None:
    proxy.cut()


def forgotten(proxy: Proxy, _: str) -> None:
    """As a firewall does: nobody is told, and nothing arrives."""
    proxy.forget()


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    with Proxy(redis_url).running() as proxy:
        yield proxy


@pytest.fixture
async def container(settings: Settings, proxy: Proxy) -> AsyncIterator[Container]:
    container = Container(settings=settings.model_copy(update={"redis_url": proxy.url}))
    async with open_resources(container):
        yield container


@pytest.fixture
def broker(proxy: Proxy) -> Iterator[RedisBroker]:
    broker = broker_on(proxy.url, timing=Timing(lease=timedelta(seconds=15)))
    yield broker
    broker.close()


@pytest.mark.parametrize("cut", [closed_by_redis, reset, forgotten])
async def test_direct_publications_arrive_once(
    container: Container, proxy: Proxy, redis_url: str, cut: Cut
) -> None:
    receipts = [await container.taskqueue.publisher().publish(welcome())]
    for _ in range(TIMES):
        await asyncio.sleep(IDLE_AFTER)
        cut(proxy, redis_url)

        receipts.append(await container.taskqueue.publisher().publish(welcome()))

    assert sorted(task.id for task in queued(redis_url)) == sorted(receipt.id for receipt in receipts)
    assert not any(receipt.duplicate for receipt in receipts)


async def test_a_publication_whose_reply_was_lost_is_not_a_duplicate(
    container: Container, proxy: Proxy, redis_url: str
) -> None:
    await container.taskqueue.publisher().publish(welcome())
    await asyncio.sleep(IDLE_AFTER)
    proxy.is_deaf = True

    publishing = asyncio.create_task(container.taskqueue.publisher().publish(welcome()))
    await asyncio.to_thread(eventually, lambda: len(queued(redis_url)) == 2, within=STARTS_WITHIN)
    proxy.forget()
    proxy.is_deaf = False
    receipt = await publishing

    assert not receipt.duplicate
    assert [task.id for task in queued(redis_url)].count(receipt.id) == 1


@pytest.mark.parametrize("cut", [closed_by_redis, reset, forgotten])
async def test_commits_forward_without_a_sweeper(
    container: Container, proxy: Proxy, redis_url: str, cut: Cut
) -> None:
    ids = {await publish(container)}
    for _ in range(TIMES):
        await asyncio.sleep(IDLE_AFTER)
        cut(proxy, redis_url)
        started = time.monotonic()

        ids.add(await publish(container))

        assert {task.id for task in queued(redis_url)} == ids
        assert time.monotonic() - started < STARTS_WITHIN
    assert await forwarded(container) == dict.fromkeys(ids, True)


@pytest.mark.parametrize("cut", [closed_by_redis, reset, forgotten])
async def test_readiness_does_not_call_redis_down(
    container: Container, proxy: Proxy, redis_url: str, cut: Cut
) -> None:
    assert await container.taskqueue.write_probe().refusal() is None
    for _ in range(TIMES):
        await asyncio.sleep(max(IDLE_AFTER, PROBE_INTERVAL))
        cut(proxy, redis_url)

        assert await container.taskqueue.write_probe().refusal() is None


@pytest.mark.parametrize("cut", [closed_by_redis, reset, forgotten])
def test_actors_send(broker: RedisBroker, proxy: Proxy, redis_url: str, cut: Cut) -> None:
    @dramatiq.actor(broker=broker)
    def task() -> None:
        pass

    task.send()
    cut(proxy, redis_url)
    task.send()
    cut(proxy, redis_url)
    task.send_with_options(delay=60_000)

    assert [task.state for task in queued(redis_url)] == ["pending", "pending", "scheduled"]


@pytest.mark.parametrize(
    ("cut", "within"),
    [
        (closed_by_redis, STARTS_WITHIN),
        (reset, STARTS_WITHIN),
        (forgotten, STARTS_WITHIN_IN_SILENCE),
    ],
)
def test_an_idle_worker_starts_the_next_task_soon(
    broker: RedisBroker, proxy: Proxy, redis_url: str, cut: Cut, within: float
) -> None:
    ran: list[int] = []

    @dramatiq.actor(broker=broker)
    async def record(number: int) -> None:
        ran.append(number)

    near = broker_on(redis_url)
    with working(broker):
        near.enqueue(record.message(0))
        eventually(lambda: ran == [0], within=5)
        for number in range(1, TIMES + 1):
            cut(proxy, redis_url)
            near.enqueue(record.message(number))
            eventually(lambda: len(ran) > number, within=within)  # noqa: B023 - it is called at once
    assert ran == list(range(TIMES + 1))
    near.close()
