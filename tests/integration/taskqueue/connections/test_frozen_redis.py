import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.outbox.relay import FORWARD_WITHIN
from internal.infrastructure.embedded.process import free_port
from internal.infrastructure.embedded.redis import EmbeddedRedis
from internal.infrastructure.tasks.encoded_task import EncodedTask
from internal.ports.tasks import TaskOptions
from internal.ports.unavailable import Unavailable
from tests.support.polling import eventually
from tests.support.queue_contents import queued

pytestmark = pytest.mark.anyio

TASK = SendWelcomeEmail(user_id=UUID(int=1))
LIMIT = FORWARD_WITHIN.total_seconds()
CONNECT_TIMEOUT, TIMEOUT = 0.4, 0.3  # seconds


@dataclass(frozen=True)
class FreezableRedis:
    """A Valkey of this test's own, which can be stopped in the middle of whatever it does."""

    url: str
    process_id: int

    def freeze(self) -> None:
        os.kill(self.process_id, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.process_id, signal.SIGCONT)


@pytest.fixture
def own_redis(tmp_path: Path, redis_program: Path | None) -> Iterator[FreezableRedis]:
    server = EmbeddedRedis(tmp_path, password="test", program=redis_program)
    with Redis.from_url(server.start()) as client:
        own = FreezableRedis(server.url, int(client.info("server")["process_id"]))
    try:
        yield own
    finally:
        own.thaw()
        server.stop()


@pytest.fixture
async def container(own_redis: FreezableRedis) -> AsyncIterator[Container]:
    no_postgres = f"postgresql://nobody:secret@127.0.0.1:{free_port()}/nothing"
    settings = Settings(
        database_url=no_postgres,
        redis_url=own_redis.url,
        redis_connect_timeout=CONNECT_TIMEOUT,
        redis_timeout=TIMEOUT,
    )
    container = Container(settings=settings)
    async with open_resources(container):
        yield container


def encoded(number: int) -> EncodedTask:
    return EncodedTask(id=f"task-{number}", name="email:welcome", payload={}, options=TaskOptions())


async def test_publishing_gives_up_within_its_limits(container: Container, own_redis: FreezableRedis) -> None:
    await container.taskqueue.publisher().publish(TASK)
    own_redis.freeze()
    started = time.monotonic()

    with pytest.raises(Unavailable):
        await container.taskqueue.publisher().publish(TASK)

    # Once over the connection that there was, once over a new one.
    assert TIMEOUT < time.monotonic() - started < 3 * (TIMEOUT + CONNECT_TIMEOUT)


async def test_many_that_wait_hold_no_threads_and_one_connection(
    container: Container, own_redis: FreezableRedis
) -> None:
    before = threading.active_count()
    with Redis.from_url(own_redis.url) as client:
        connections = client.info("clients")["connected_clients"]
        own_redis.freeze()
        relay = container.database.outbox_relay()

        waiting = []
        for number in range(100):  # for a second, which is longer than any of them waits
            waiting.append(asyncio.create_task(relay.forward_now([encoded(number)])))
            await asyncio.sleep(0.01)
        threads = threading.active_count() - before
        await asyncio.gather(*waiting)
        own_redis.thaw()

        assert threads == 0
        # Redis hears only now of those that were closed while it was frozen.
        eventually(lambda: client.info("clients")["connected_clients"] <= connections + 1, within=5)


async def test_many_that_wait_do_not_wait_for_one_another(
    container: Container, own_redis: FreezableRedis
) -> None:
    own_redis.freeze()
    relay = container.database.outbox_relay()
    started = time.monotonic()

    await asyncio.gather(*(relay.forward_now([encoded(number)]) for number in range(100)))

    assert time.monotonic() - started < 5 * LIMIT


async def test_publishing_works_again_after_a_while(container: Container, own_redis: FreezableRedis) -> None:
    own_redis.freeze()
    relay = container.database.outbox_relay()
    await asyncio.gather(*(relay.forward_now([encoded(number)]) for number in range(20)))
    own_redis.thaw()

    receipt = await container.taskqueue.publisher().publish(TASK)

    assert receipt.id in {task.id for task in queued(own_redis.url)}
