"""What looks on while the engine works, and writes down what it saw."""

from collections.abc import Mapping, Sequence
from typing import Any

from dramatiq import MessageProxy
from dramatiq.middleware import Middleware

from internal.infrastructure.tasks.completion_log import Completion
from tests.queued import queued


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


class RecordingCompletionLog:
    """Writes down what is closed and reopened, and how Redis saw the task at that moment."""

    def __init__(
        self,
        redis_url: str,
        *,
        closed: Mapping[str, bool],
        absent: frozenset[str] = frozenset(),
    ) -> None:
        self._redis_url = redis_url
        self._closed = closed
        self._absent = absent
        self.completions: list[Completion] = []
        self.reopened: list[str] = []
        self.states: list[str] = []

    async def closed(self, task_ids: Sequence[str]) -> Mapping[str, bool]:
        return {task_id: self._closed[task_id] for task_id in task_ids if task_id in self._closed}

    async def close(self, completions: Sequence[Completion]) -> None:
        self.completions.extend(completions)
        self.states.extend(task.state for task in queued(self._redis_url))

    async def reopen(self, task_ids: Sequence[str]) -> set[str]:
        self.reopened.extend(task_ids)
        self.states.extend(task.state for task in queued(self._redis_url))
        return set(task_ids) - self._absent
