import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import in_background, open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.outbox import relay as outbox_relay
from internal.infrastructure.database.outbox.publisher import SWEEP_AFTER
from internal.infrastructure.database.outbox.relay import MARK_EVERY, OutboxRelay
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.embedded.redis import EmbeddedRedis
from internal.infrastructure.tasks.completion_log import Completion
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import FakeClock
from tests.fakes.task_transport import FakeTaskTransport
from tests.support.outbox_rows import (
    forwarded,
    make_due,
    publish,
    relay,
    store_due,
    welcome,
)
from tests.support.queue_contents import queued

pytestmark = pytest.mark.anyio


@pytest.fixture
def own_redis(tmp_path: Path) -> EmbeddedRedis:
    """A Redis that has not been started yet."""
    return EmbeddedRedis(tmp_path, password="test")


@pytest.fixture
async def without_redis(settings: Settings, own_redis: EmbeddedRedis) -> AsyncIterator[Container]:
    container = Container(settings=settings.model_copy(update={"redis_url": own_redis.url}))
    async with open_resources(container):
        yield container


async def test_a_rollback_leaves_no_row(container: Container) -> None:
    async with container.database.unit_of_work() as uow:
        await uow.tasks.publish(welcome())

    assert await forwarded(container) == {}


async def test_a_commit_forwards_at_once(container: Container, redis_url: str) -> None:
    task_id = await publish(container)

    assert await forwarded(container) == {task_id: True}
    assert [task.id for task in queued(redis_url)] == [task_id]


async def test_without_redis_the_commit_returns_soon_and_the_row_waits(
    settings: Settings, absent_port: int
) -> None:
    absent = f"redis://127.0.0.1:{absent_port}/0"
    container = Container(settings=settings.model_copy(update={"redis_url": absent}))
    async with open_resources(container):
        await container.database.schema_version().is_current()  # connects to Postgres
        started = time.monotonic()

        task_id = await publish(container)

        assert time.monotonic() - started < 0.6
        assert await forwarded(container) == {task_id: False}


async def test_the_sweeper_forwards_when_redis_is_back(
    without_redis: Container, own_redis: EmbeddedRedis
) -> None:
    task_id = await publish(without_redis)
    assert await forwarded(without_redis) == {task_id: False}
    own_redis.start()
    await make_due(without_redis)

    try:
        swept = await without_redis.database.outbox_relay().sweep()

        assert swept == 1
        assert await forwarded(without_redis) == {task_id: True}
        assert [task.id for task in queued(own_redis.url)] == [task_id]
    finally:
        own_redis.stop()


async def test_the_sweeper_leaves_a_fresh_row_to_the_process_that_stored_it(without_redis: Container) -> None:
    task_id = await publish(without_redis)
    transport = FakeTaskTransport()

    swept = await relay(without_redis, transport).sweep()

    assert swept == 0
    assert await forwarded(without_redis) == {task_id: False}


@pytest.mark.parametrize("off_by", [timedelta(days=-1), timedelta(days=1)])
async def test_when_a_row_is_swept_is_told_by_the_clock_of_postgres(
    without_redis: Container, off_by: timedelta
) -> None:
    with without_redis.clock.override(FakeClock(datetime.now(UTC) + off_by)):
        await publish(without_redis)

    async with without_redis.database.engine().connect() as connection:
        waits_for = (await connection.execute(select(outbox.c.next_try_at - func.now()))).scalar_one()
    assert timedelta(0) < waits_for <= SWEEP_AFTER


async def test_a_forwarded_task_that_is_still_there_is_left_alone(container: Container) -> None:
    task_id = await publish(container)
    await container.database.outbox_relay().close()
    transport = FakeTaskTransport()
    transport.has = {task_id: "default"}

    for _ in range(3):
        await make_due(container)
        await relay(container, transport).sweep()

    assert transport.sent == []


async def test_a_task_that_is_lost_is_forwarded_again(container: Container) -> None:
    task_id = await publish(container)
    await container.database.outbox_relay().close()
    transport = FakeTaskTransport()

    await make_due(container)
    await relay(container, transport).sweep()
    after_one_look = list(transport.sent)
    await make_due(container)
    await relay(container, transport).sweep()

    assert after_one_look == []  # it may have been on its way from one state to the next
    assert transport.sent == [task_id]


async def test_a_task_that_was_seen_again_counts_as_present(container: Container) -> None:
    task_id = await publish(container)
    await container.database.outbox_relay().close()
    transport = FakeTaskTransport()

    for has in ({}, {task_id: "default"}, {}):
        transport.has = has
        await make_due(container)
        await relay(container, transport).sweep()

    assert transport.sent == []


async def test_a_task_that_is_closed_is_never_lost(container: Container) -> None:
    task_id = await publish(container)
    await container.database.outbox_relay().close()
    await container.database.completion_log().close([Completion(task_id=task_id, succeeded=True)])
    transport = FakeTaskTransport()

    for _ in range(3):
        await make_due(container)
        await relay(container, transport).sweep()

    assert transport.sent == []


async def test_an_id_of_ones_own_is_stored_once_until_its_task_has_ended(
    container: Container, redis_url: str
) -> None:
    async def publish_own(number: int) -> None:
        async with container.database.unit_of_work() as uow:
            await uow.tasks.publish(welcome(number), task_id="own")
            await uow.commit()

    await publish_own(1)
    await publish_own(2)
    [first] = queued(redis_url)
    await container.database.completion_log().close([Completion(task_id="own", succeeded=True)])
    container.worker.broker().flush("default")
    await publish_own(3)

    [second] = queued(redis_url)
    assert first.message.kwargs["user_id"] == str(UUID(int=1))
    assert second.message.kwargs["user_id"] == str(UUID(int=3))


async def test_a_row_that_is_forwarded_while_others_are_being_marked_is_marked_too(
    container: Container,
) -> None:
    first = await publish(container)
    async with container.database.engine().begin() as connection:
        await connection.execute(select(outbox).with_for_update())
        await asyncio.sleep(3 * MARK_EVERY.total_seconds())  # by now the marking waits for our lock
        second = await publish(container)

    assert await forwarded(container) == {first: True, second: True}


async def test_sweepers_at_once_never_take_the_same_row(container: Container) -> None:
    ids = {f"task-{number}" for number in range(450)}
    await store_due(container, *ids)
    transports = [FakeTaskTransport() for _ in range(4)]

    async def sweep_all(transport: FakeTaskTransport) -> None:
        while await relay(container, transport).sweep():
            pass

    await asyncio.gather(*(sweep_all(transport) for transport in transports))

    sent = [task_id for transport in transports for task_id in transport.sent]
    assert len(sent) == 450
    assert set(sent) == ids
    assert all((await forwarded(container)).values())


async def test_a_row_whose_sweeper_failed_is_swept_again_after_a_while(container: Container) -> None:
    await store_due(container, "task-1")
    with pytest.raises(Unavailable):
        await relay(container, FakeTaskTransport(down=True)).sweep()
    transport = FakeTaskTransport()

    at_once = await relay(container, transport).sweep()
    await make_due(container)
    later = await relay(container, transport).sweep()

    assert (at_once, later) == (0, 1)
    assert transport.sent == ["task-1"]


@pytest.mark.parametrize("failure", [Unavailable, ArithmeticError], ids=["an outage", "a defect"])
async def test_sweeping_goes_on_after(container: Container, failure: type[Exception]) -> None:
    transport = FakeTaskTransport(down=True, failure=failure)
    await store_due(container, "task-1")
    sweeping = asyncio.create_task(relay(container, transport).run())
    await transport.has_failed.wait()

    transport.down = False
    await store_due(container, "task-2")
    await until_sent(transport, sweeping)

    assert transport.sent == ["task-2"]


async def test_an_outage_of_postgres_is_logged_once_and_not_at_each_sweep(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_relay, "SWEEP_EVERY", timedelta(milliseconds=10))
    away = settings.model_copy(update={"database_url": "postgresql://app@127.0.0.1:1/app"})
    container = Container(settings=away)
    sweeps, has_failed_often = count(1), asyncio.Event()

    async def counted_sweep(sweeper: OutboxRelay) -> int:
        if next(sweeps) > 5:
            has_failed_often.set()
        return await real_sweep(sweeper)

    real_sweep = OutboxRelay.sweep
    monkeypatch.setattr(OutboxRelay, "sweep", counted_sweep)

    with capture_logs() as logs:
        async with open_resources(container), in_background(relay(container, FakeTaskTransport()).run()):
            await asyncio.wait_for(has_failed_often.wait(), 10)

    reasons = [entry["reason"] for entry in logs if entry["event"] == "outbox.sweep_failed"]
    assert reasons == ["Postgres cannot be reached: connection refused"]


async def test_a_row_that_cannot_be_read_stops_nothing(container: Container) -> None:
    await store_due(container, "unreadable", options={"max_retries": "many"})
    await store_due(container, "task-1")
    transport = FakeTaskTransport()
    sweeping = asyncio.create_task(relay(container, transport).run())

    await until_sent(transport, sweeping)

    assert transport.sent == ["task-1"]


async def until_sent(transport: FakeTaskTransport, sweeping: asyncio.Task[None]) -> None:
    """Wait until something was sent, or the sweeper ended."""
    sending = asyncio.create_task(transport.has_sent.wait())
    await asyncio.wait([sending, sweeping], timeout=10, return_when=asyncio.FIRST_COMPLETED)
    sending.cancel()
    sweeping.cancel()
    with suppress(asyncio.CancelledError):
        await sweeping
