from datetime import timedelta

import pytest

from internal.application.tasks.purge_outbox import ARCHIVED_FOR, PurgeOutbox, PurgeOutboxHandler
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.ports.tasks import TaskContext
from tests.fakes.clock import FakeClock
from tests.fakes.task_history import FakeTaskHistory

pytestmark = pytest.mark.anyio

CONTEXT = TaskContext(id="purge", queue="low", retries=0, max_retries=25, deadline=None, headers={})


async def test_purges_in_batches_until_nothing_is_left_that_is_old_enough() -> None:
    clock = FakeClock()
    history = FakeTaskHistory(clock)
    history.done = {f"{days}": clock.now() - timedelta(days=days) for days in range(1, 40)}
    history.archived = {"old": clock.now() - timedelta(days=92), "young": clock.now() - timedelta(days=90)}
    handle = PurgeOutboxHandler(history=history, done_for=timedelta(days=30), batch=3)

    await handle(PurgeOutbox(), CONTEXT)

    assert set(history.done) == {f"{days}" for days in range(1, 31)}
    assert set(history.archived) == {"young"}


def test_a_row_outlives_the_archive_from_which_its_task_can_be_run_again() -> None:
    assert Timing().archive_for < ARCHIVED_FOR
