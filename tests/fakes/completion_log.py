from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from internal.infrastructure.tasks.completion_log import Completion

NONE: Mapping[str, bool] = MappingProxyType({})


class FakeCompletionLog:
    """Every task has an open row until it is closed.

    ended: how each closed task ended.
    forgotten: tasks whose rows were purged, or that never had one.
    completions, reopened: what it was told, in order.
    """

    def __init__(self, *, ended: Mapping[str, bool] = NONE, forgotten: Collection[str] = ()) -> None:
        self.ended = dict(ended)
        self.forgotten = set(forgotten)
        self.completions: list[Completion] = []
        self.reopened: list[str] = []

    async def closed(self, task_ids: Sequence[str]) -> Mapping[str, bool]:
        known = self.ended | dict.fromkeys(self.forgotten, True)
        return {task_id: known[task_id] for task_id in task_ids if task_id in known}

    async def close(self, completions: Sequence[Completion]) -> None:
        self.completions.extend(completions)
        for completion in completions:
            if completion.task_id not in self.forgotten:
                self.ended.setdefault(completion.task_id, completion.succeeded)

    async def reopen(self, task_ids: Sequence[str]) -> set[str]:
        self.reopened.extend(task_ids)
        found = set(task_ids) - self.forgotten
        for task_id in found:
            self.ended.pop(task_id, None)
        return found
