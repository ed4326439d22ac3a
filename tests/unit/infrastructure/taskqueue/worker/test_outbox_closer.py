"""A completion log that fails holds back its tasks, loses none, and blocks no later ones."""

import asyncio
from collections.abc import Sequence
from contextvars import Context

import pytest

from internal.infrastructure.taskqueue.delivery.outcomes import DONE
from internal.infrastructure.taskqueue.delivery.settlements import Lease
from internal.infrastructure.taskqueue.worker.outbox_closer import OutboxCloser
from internal.infrastructure.taskqueue.worker.settling_hooks import Ended
from internal.infrastructure.tasks.completion_log import Completion
from internal.ports.unavailable import Unavailable
from tests.fakes.completion_log import FakeCompletionLog

pytestmark = pytest.mark.anyio


class FailingCompletionLog(FakeCompletionLog):
    """Fails once, then writes."""

    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self._failures = [failure]

    async def close(self, completions: Sequence[Completion]) -> None:
        if self._failures:
            raise self._failures.pop()
        await super().close(completions)


@pytest.mark.parametrize("failure", [Unavailable("away"), ArithmeticError("a defect")], ids=repr)
async def test_a_task_is_settled_when_the_ledger_has_it_at_last(failure: Exception) -> None:
    settled: list[Ended] = []
    has_settled = asyncio.Event()

    def settle(batch: Sequence[Ended]) -> None:
        settled.extend(batch)
        has_settled.set()

    failing = FailingCompletionLog(failure)
    clerk = OutboxCloser(failing, closed=settle, context=Context(), try_again_after=0.01)

    clerk.close(Ended(Lease("default", "a", "token"), DONE))
    await asyncio.wait_for(has_settled.wait(), timeout=5)

    assert [completion.task_id for completion in failing.completions] == ["a"]
    assert [settlement.lease.task_id for settlement in settled] == ["a"]
