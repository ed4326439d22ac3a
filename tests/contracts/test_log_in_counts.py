import asyncio
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.ports.log_in_counts import LogInCounts
from tests.fakes.log_in_counts import FakeLogInCounts

pytestmark = pytest.mark.anyio

MIDNIGHT = datetime(2030, 3, 4, tzinfo=UTC)
MONDAY = MIDNIGHT.date()
DAY = timedelta(days=1)
LITTLE = timedelta(milliseconds=1)


@pytest.fixture(params=["fake", "sqlalchemy"])
def counts(request: pytest.FixtureRequest) -> LogInCounts:
    if request.param == "fake":
        return FakeLogInCounts()
    container: Container = request.getfixturevalue("container")
    counts: LogInCounts = container.database.log_in_counts()
    return counts


async def add(counts: LogInCounts, *moments: datetime) -> None:
    for moment in moments:
        await counts.add(uuid4(), occurred_at=moment)


async def test_counts_per_day_the_latest_first(counts: LogInCounts) -> None:
    await add(counts, MIDNIGHT, MIDNIGHT + DAY - LITTLE, MIDNIGHT + 2 * DAY)

    per_day = await counts.per_day(since=MONDAY)

    assert list(per_day.items()) == [(MONDAY + 2 * DAY, 1), (MONDAY, 2)]


async def test_leaves_out_the_days_before(counts: LogInCounts) -> None:
    await add(counts, MIDNIGHT - LITTLE, MIDNIGHT)

    assert dict(await counts.per_day(since=MONDAY)) == {MONDAY: 1}


async def test_a_day_is_one_in_utc_wherever_the_log_in_was(counts: LogInCounts) -> None:
    await add(counts, datetime(2030, 3, 5, 1, 59, tzinfo=timezone(timedelta(hours=2))))

    assert dict(await counts.per_day(since=MONDAY)) == {MONDAY: 1}


async def test_counts_an_event_once_even_if_attempts_overlap(counts: LogInCounts) -> None:
    attempts = (counts.add(UUID(int=1), occurred_at=MIDNIGHT) for _ in range(5))

    await asyncio.gather(*attempts)

    assert dict(await counts.per_day(since=MONDAY)) == {MONDAY: 1}
