from datetime import timedelta
from uuid import UUID

import pytest

from internal.application.tasks.purge_requests import PurgeRequests, PurgeRequestsHandler
from internal.ports.tasks import TaskContext
from tests.fakes.clock import FakeClock
from tests.fakes.idempotent_requests import FakeIdempotentRequests
from tests.fakes.request_history import FakeRequestHistory

pytestmark = pytest.mark.anyio

CONTEXT = TaskContext(id="purge", queue="low", retries=0, max_retries=25, deadline=None, headers={})


async def test_purges_in_batches_until_no_old_key_is_left() -> None:
    clock = FakeClock()
    requests = FakeIdempotentRequests(clock)
    requests.by_key = {
        f"{hours}": (UUID(int=hours), clock.now() - timedelta(hours=hours)) for hours in range(1, 40)
    }
    handle = PurgeRequestsHandler(history=FakeRequestHistory(requests), batch=3)

    await handle(PurgeRequests(), CONTEXT)

    assert set(requests.by_key) == {f"{hours}" for hours in range(1, 24)}
