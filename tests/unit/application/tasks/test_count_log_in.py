from uuid import UUID

import pytest

from internal.application.tasks.count_log_in import CountLogIn, CountLogInHandler
from internal.ports.tasks import TaskContext
from tests.fakes.clock import NOON
from tests.fakes.log_in_counts import FakeLogInCounts

pytestmark = pytest.mark.anyio

CONTEXT = TaskContext(id="count", queue="low", retries=0, max_retries=25, deadline=None, headers={})


async def test_counts_each_event_once() -> None:
    counts = FakeLogInCounts()
    handle = CountLogInHandler(log_in_counts=counts)

    for number in (1, 2, 1):
        await handle(CountLogIn(event_id=UUID(int=number), occurred_at=NOON), CONTEXT)

    assert dict(await counts.per_day(since=NOON.date())) == {NOON.date(): 2}
