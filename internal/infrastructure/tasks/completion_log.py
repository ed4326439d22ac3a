from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """How a task ended: it succeeded, or it was archived."""

    task_id: str
    succeeded: bool


class CompletionLog(Protocol):
    """Records which tasks of units of work are open, and how the others ended.

    Every method raises Unavailable if the log cannot be reached.
    """

    async def closed(self, task_ids: Sequence[str]) -> Mapping[str, bool]:
        """Return the tasks that have ended and must not run: True if one succeeded, False if archived."""
        ...

    async def close(self, completions: Sequence[Completion]) -> None:
        """Record how these tasks ended. The first record of a task counts."""
        ...

    async def reopen(self, task_ids: Sequence[str]) -> set[str]:
        """Make these tasks open again, and return the ones that the log has."""
        ...
