"""A completion log that fails holds back its tasks, loses none, and blocks no later ones."""

import asyncio
from collections.abc import Sequence
from contextvars import Context

import pytest

from internal.infrastructure.taskqueue.worker.outbox_closer import OutboxCloser
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
async def test_a_row_is_closed_when_the_log_works_at_last(failure: Exception) -> None:
    failing = FailingCompletionLog(failure)
    closer = OutboxCloser(failing, context=Context(), try_again_after=0.01)

    async with asyncio.timeout(5):
        await closer.close(Completion(task_id="a", succeeded=True))

    assert [completion.task_id for completion in failing.completions] == ["a"]
