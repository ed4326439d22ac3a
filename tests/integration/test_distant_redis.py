"""Every way to Redis, through a proxy that takes its time."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import dramatiq
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.outbox.relay import FORWARD_WITHIN
from internal.infrastructure.taskqueue.protocol.timing import Timing
from tests.support.outbox_rows import forwarded, publish, store_due, welcome
from tests.support.polling import eventually
from tests.support.proxy import Proxy
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import broker_on, working

pytestmark = pytest.mark.anyio

ROUND_TRIPS = [0.005, 0.04, 0.1, 0.25]
MAILED_WITHIN = 2.0  # seconds


@pytest.fixture(params=ROUND_TRIPS, ids=lambda seconds: f"{seconds * 1000:.0f} ms")
def distant(request: pytest.FixtureRequest, redis_url: str) -> Iterator[Proxy]:
    with Proxy(redis_url).running() as proxy:
        proxy.round_trip = request.param
        yield proxy


@pytest.fixture
async def container(settings: Settings, distant: Proxy) -> AsyncIterator[Container]:
    container = Container(settings=settings.model_copy(update={"redis_url": distant.url}))
    async with open_resources(container):
        await container.database.schema_version().is_current()  # connects to Postgres
        yield container


async def test_a_commit_returns_soon_and_its_task_is_forwarded_without_a_sweeper(
    container: Container, redis_url: str
) -> None:
    started = time.monotonic()
    ids = {await publish(container), await publish(container)}
    committed_after = time.monotonic() - started

    await asyncio.to_thread(eventually, lambda: len(queued(redis_url)) == len(ids), within=MAILED_WITHIN)
    assert await forwarded(container) == dict.fromkeys(ids, True)
    forwarded_after = time.monotonic() - started

    assert committed_after < len(ids) * (FORWARD_WITHIN.total_seconds() + 0.1)
    assert forwarded_after < MAILED_WITHIN
    assert {task.id for task in queued(redis_url)} == ids


async def test_the_sweeper_forwards_what_was_left(container: Container, redis_url: str) -> None:
    ids = {f"left-{number}" for number in range(3)}
    await store_due(container, *ids)

    assert await container.database.outbox_relay().sweep() == len(ids)

    assert await forwarded(container) == dict.fromkeys(ids, True)
    assert {task.id for task in queued(redis_url)} == ids


async def test_direct_publications_arrive(container: Container, redis_url: str) -> None:
    receipts = [await container.taskqueue.publisher().publish(welcome()) for _ in range(2)]

    assert {task.id for task in queued(redis_url)} == {receipt.id for receipt in receipts}
    assert not any(receipt.duplicate for receipt in receipts)


def test_what_an_actor_sends_is_run_and_settled(distant: Proxy, redis_url: str) -> None:
    broker = broker_on(distant.url, timing=Timing(lease=timedelta(seconds=3)))
    ran: list[int] = []

    @dramatiq.actor(broker=broker)
    async def record(number: int) -> None:
        ran.append(number)

    with working(broker):
        record.send(1)
        eventually(lambda: ran == [1], within=MAILED_WITHIN)
        record.send(2)
        eventually(lambda: ran == [1, 2] and not queued(redis_url), within=MAILED_WITHIN)
    broker.close()


@pytest.mark.parametrize("distant", [ROUND_TRIPS[-1]], indirect=True)
@pytest.mark.parametrize("command", [("stats",), ("queue", "ls")], ids=" ".join)
def test_operators_have_their_answer(distant: Proxy, settings: Settings, command: tuple[str, ...]) -> None:
    env = {"DATABASE_URL": settings.database_url, "REDIS_URL": distant.url, "APP_ENV": "test"}
    arguments = [sys.executable, "-m", "cmd.admin", *command]

    done = subprocess.run(arguments, env=os.environ | env, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
