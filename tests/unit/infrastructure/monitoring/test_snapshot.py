import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from internal.infrastructure.monitoring.snapshot import Snapshots
from internal.ports.outbox_inspector import OutboxStats
from internal.ports.task_snapshots import QueueInfo
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import FakeClock
from tests.fakes.outbox_inspector import FakeOutboxInspector
from tests.fakes.task_inspector import FakeTaskInspector

pytestmark = pytest.mark.anyio


class CountingInspector(FakeTaskInspector):
    asked = 0

    async def queues(self) -> Sequence[QueueInfo]:
        self.asked += 1
        await asyncio.sleep(0)
        return await super().queues()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 30, tzinfo=UTC))


@pytest.fixture
def inspector(clock: FakeClock) -> CountingInspector:
    return CountingInspector(clock)


@pytest.fixture
def snapshots(inspector: CountingInspector, clock: FakeClock) -> Snapshots:
    return Snapshots(tasks=inspector, outbox=FakeOutboxInspector(clock), clock=clock)


async def test_viewers_at_the_same_time_share_a_snapshot(
    snapshots: Snapshots, inspector: CountingInspector
) -> None:
    taken = await asyncio.gather(*(snapshots.newest() for _ in range(20)))

    assert inspector.asked == 1
    assert all(each is taken[0] for each in taken)


async def test_a_snapshot_is_a_second_old_at_most(
    snapshots: Snapshots, inspector: CountingInspector, clock: FakeClock
) -> None:
    await snapshots.newest()
    clock.advance(timedelta(seconds=0.9))
    await snapshots.newest()
    assert inspector.asked == 1

    clock.advance(timedelta(seconds=0.1))
    await snapshots.newest()

    assert inspector.asked == 2


async def test_an_action_shows_at_once(snapshots: Snapshots, inspector: CountingInspector) -> None:
    await snapshots.newest()

    snapshots.forget()

    await snapshots.newest()
    assert inspector.asked == 2


async def test_a_service_that_does_not_answer_leaves_the_rest(
    inspector: CountingInspector, clock: FakeClock
) -> None:
    class Broken(FakeOutboxInspector):
        async def stats(self) -> OutboxStats:
            raise Unavailable("no answer")

    snapshots = Snapshots(tasks=inspector, outbox=Broken(clock), clock=clock)

    snapshot = await snapshots.newest()

    assert snapshot.outbox is None
    assert snapshot.queues is not None
