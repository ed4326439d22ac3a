"""A ledger that fails holds its tasks back; it loses none, and blocks none that come later."""

import asyncio
from collections.abc import Sequence
from contextvars import Context

import pytest

from internal.infrastructure.taskqueue.delivery.exchange import Settlement
from internal.infrastructure.taskqueue.delivery.outcomes import DONE
from internal.infrastructure.taskqueue.worker.outbox_closer import LedgerClerk
from internal.infrastructure.tasks.codec import Ending
from internal.ports.unavailable import Unavailable

pytestmark = pytest.mark.anyio


class FailingLedger:
    """Fails once, then writes."""

    def __init__(self, failure: Exception) -> None:
        self._failures = [failure]
        self.endings: list[Ending] = []

    async def closed(self, task_ids: Sequence[str]) -> dict[str, bool]:
        return dict.fromkeys(task_ids, True)

    async def close(self, endings: Sequence[Ending]) -> None:
        if self._failures:
            raise self._failures.pop()
        self.endings.extend(endings)

    async def reopen(self, task_ids: Sequence[str]) -> set[str]:
        return set(task_ids)


@pytest.mark.parametrize("failure", [Unavailable("away"), ArithmeticError("a defect")], ids=repr)
async def test_a_task_is_settled_when_the_ledger_has_it_at_last(failure: Exception) -> None:
    settled: list[Settlement] = []
    has_settled = asyncio.Event()

    def settle(batch: Sequence[Settlement]) -> None:
        settled.extend(batch)
        has_settled.set()

    failing = FailingLedger(failure)
    clerk = LedgerClerk(failing, closed=settle, context=Context(), try_again_after=0.01)

    clerk.close(Settlement(("default", "a", "token"), DONE))
    await asyncio.wait_for(has_settled.wait(), timeout=5)

    assert [ending.task_id for ending in failing.endings] == ["a"]
    assert [settlement.holding[1] for settlement in settled] == ["a"]
