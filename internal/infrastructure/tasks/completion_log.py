from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """How a task ended: done, or given up."""

    task_id: str
    succeeded: bool


class CompletionLog(Protocol):
    """The book in which tasks stand that were stored together with the data they belong to."""

    async def closed(self, task_ids: Sequence[str]) -> Mapping[str, bool]:
        """Those of them that have ended and must not run again: False was given up. Raises Unavailable."""
        ...

    async def close(self, completions: Sequence[Completion]) -> None:
        """Write down how these ended. Raises Unavailable."""
        ...

    async def reopen(self, task_ids: Sequence[str]) -> set[str]:
        """Have these run again after their end; returns those that stand here. Raises Unavailable."""
        ...
