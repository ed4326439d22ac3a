"""What looks on while the engine works, and writes down what it saw."""

from collections.abc import Mapping, Sequence
from typing import Any

from dramatiq import MessageProxy
from dramatiq.middleware import Middleware

from internal.infrastructure.tasks.completion_log import Completion
from tests.fakes.completion_log import NONE, FakeCompletionLog
from tests.support.queue_contents import queued


class Recorder(Middleware):
    """Writes down which hooks fire."""

    loop_safe = True

    def __init__(self, name: str, seen: list[str]) -> None:
        self._name = name
        self._seen = seen

    def before_process_message(self, broker: Any, message: MessageProxy) -> None:
        self._seen.append(f"{self._name} before")

    def after_process_message(self, broker: Any, message: MessageProxy, **_: Any) -> None:
        self._seen.append(f"{self._name} after")

    def after_ack(self, broker: Any, message: MessageProxy) -> None:
        self._seen.append(f"{self._name} ack")

    def after_nack(self, broker: Any, message: MessageProxy) -> None:
        self._seen.append(f"{self._name} nack")


class Blocking(Middleware):
    """One that says nothing of being safe on the loop."""

    def before_process_message(self, broker: Any, message: MessageProxy) -> None: ...


class WatchingCompletionLog(FakeCompletionLog):
    """Notes in which state each task is in Redis while it is closed or reopened."""

    def __init__(self, redis_url: str, *, ended: Mapping[str, bool] = NONE) -> None:
        super().__init__(ended=ended)
        self._redis_url = redis_url
        self.states: list[str] = []

    async def close(self, completions: Sequence[Completion]) -> None:
        await super().close(completions)
        self._note_states()

    async def reopen(self, task_ids: Sequence[str]) -> set[str]:
        self._note_states()
        return await super().reopen(task_ids)

    def _note_states(self) -> None:
        self.states.extend(task.state for task in queued(self._redis_url))
