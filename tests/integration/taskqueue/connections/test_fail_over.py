"""Another Redis becomes the master while tasks are published and run: nobody has to be told."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dramatiq
import pytest
import redis
from dramatiq.errors import ConnectionClosed
from redis.exceptions import RedisError

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import (
    DedicatedConnection,
    answers,
    connect,
    connect_blocking,
    pool_of,
)
from internal.infrastructure.taskqueue.connections.master_pool import CHECK_INTERVAL
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.ports.unavailable import Unavailable
from tests.support.faults.rounds import IS_LONG
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.replicated_load import ReplicatedLoad
from tests.support.replicated_redis import ReplicatedRedis, replicated_redis
from tests.support.taskqueue.workers import broker_on, working

pytestmark = pytest.mark.anyio

PROMOTED_WITHIN = 15  # seconds
FOLLOWS_WITHIN = 3


@pytest.fixture(scope="module")
def servers(
    redis_program: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReplicatedRedis]:
    """Which of the two is the master after a test is not said; the last test ends one of them."""
    with replicated_redis(tmp_path_factory.mktemp("replicated"), program=redis_program) as servers:
        yield servers


@pytest.fixture
def broker(servers: ReplicatedRedis) -> Iterator[RedisBroker]:
    broker = broker_on(servers.url, timing=Timing(lease=timedelta(seconds=3)))
    yield broker
    broker.close()


def recorder(broker: RedisBroker) -> tuple["dramatiq.Actor[[str], None]", set[str]]:
    ran: set[str] = set()

    @dramatiq.actor(broker=broker)
    async def record(key: str) -> None:
        ran.add(key)

    return record, ran


async def test_a_replica_is_left_for_the_master(servers: ReplicatedRedis) -> None:
    """Also without sentinels: a name or a proxy may lead elsewhere by the next connection."""
    replica = servers.url_of(next(port for port in servers.ports if port != servers.master))
    wire, blocking = DedicatedConnection(pool_of(replica)), broker_on(replica)
    reached = await wire.call("CLIENT", "ID"), blocking.client.client_id()

    with pytest.raises(redis.ConnectionError):
        await wire.call("SET", "key", "value")
    with pytest.raises(ConnectionClosed):
        blocking.pause("default")

    assert await wire.call("CLIENT", "ID") > reached[0]
    assert blocking.client.client_id() > reached[1]
    await wire.close()
    blocking.close()


def test_an_ordered_fail_over_loses_nothing_that_was_replicated(
    servers: ReplicatedRedis, broker: RedisBroker
) -> None:
    actor, ran = recorder(broker)
    load, former = ReplicatedLoad(broker.client, send=actor.send), servers.master
    with working(broker):
        with load.running():
            eventually(lambda: len(load.kept) > 20, within=5)

            servers.fail_over()
            eventually(lambda: servers.master != former, within=PROMOTED_WITHIN)
            before = len(load.kept)
            # The former master is one still, and takes writes: nobody may go on there.
            eventually(lambda: is_left(servers.url_of(former)), within=5)

        on_new = broker_on(servers.master_url)
        on_new.enqueue(actor.message("afterwards"))
        eventually(lambda: load.kept | {"afterwards"} <= ran, within=20)
        eventually(lambda: queued(servers.master_url) == [], within=5)
    assert before > 0
    on_new.close()


def is_left(url: str) -> bool:
    """Whether nobody is connected there who writes; who waits for a wake token goes on waiting."""
    with redis.Redis.from_url(url) as client:
        return not {"eval", "evalsha", "wait"} & {entry["cmd"] for entry in client.client_list()}


@pytest.mark.parametrize("silent", range(1 if not IS_LONG else 10))
async def test_nobody_who_was_idle_writes_to_a_former_master_though_a_sentinel_is_silent(
    servers: ReplicatedRedis, silent: int
) -> None:
    small, wire, blocking = (
        connect(servers.url),
        DedicatedConnection(pool_of(servers.url)),
        connect_blocking(servers.url),
    )
    servers.settle()
    former = servers.master
    await write("before", small=small, wire=wire, blocking=blocking)
    # Another one is asked who is the master, and told to replace it.
    with servers.silent(servers.sentinel_ports[silent % 2]):
        servers.fail_over()
        await asyncio.to_thread(eventually, lambda: servers.master != former, within=PROMOTED_WITHIN)
        await asyncio.sleep(CHECK_INTERVAL)  # for so long counts what was heard before

        await write("afterwards", small=small, wire=wire, blocking=blocking)

    with redis.Redis.from_url(servers.master_url) as client:
        assert client.mget(WRITERS) == [b"afterwards"] * len(WRITERS)
    blocking.close()
    await wire.close()
    await small.aclose()


WRITERS = ("small", "wire", "blocking")


async def write(
    value: str, *, small: redis.asyncio.Redis, wire: DedicatedConnection, blocking: redis.Redis
) -> None:
    await small.set("small", value)
    await wire.call("SET", "wire", value)
    await asyncio.to_thread(blocking.set, "blocking", value)


def test_an_idle_worker_follows_to_the_new_master(servers: ReplicatedRedis) -> None:
    broker = broker_on(servers.url, timing=Timing(lease=timedelta(seconds=15)))
    actor, ran = recorder(broker)
    servers.settle()
    former = servers.master
    with working(broker):
        actor.send("before")
        eventually(lambda: ran == {"before"}, within=5)

        servers.fail_over()
        eventually(lambda: servers.master != former, within=PROMOTED_WITHIN)
        on_new = broker_on(servers.master_url)
        on_new.enqueue(actor.message("afterwards"))

        eventually(lambda: ran == {"before", "afterwards"}, within=FOLLOWS_WITHIN)
    on_new.close()
    broker.close()


async def test_every_client_finds_the_master_that_was_promoted(servers: ReplicatedRedis) -> None:
    small, wire, blocking = (
        connect(servers.url),
        DedicatedConnection(pool_of(servers.url)),
        connect_blocking(servers.url),
    )
    servers.settle()
    former = servers.master
    assert await answers(small)
    assert (await wire.call("SET", "key", "wire"), blocking.set("key", "blocking")) == (b"OK", True)

    servers.kill(former)

    async with asyncio.timeout(PROMOTED_WITHIN):
        while not await all_write(small, wire, blocking):  # noqa: ASYNC110 - Redis sets no Event
            await asyncio.sleep(0.05)
    eventually(lambda: servers.master != former, within=5)  # one sentinel may hear of it later than we
    blocking.close()
    await wire.close()
    await small.aclose()


async def all_write(small: redis.asyncio.Redis, wire: DedicatedConnection, blocking: redis.Redis) -> bool:
    try:
        await answers(small)
        await wire.call("SET", "key", "wire")
        blocking.set("key", "blocking")
    except (RedisError, OSError, Unavailable):
        return False
    return True
