from collections.abc import Sequence
from typing import Protocol

from internal.infrastructure.tasks.encoded_task import EncodedTask


class TaskRefused(ValueError):
    """The transport will never take this task. The text says why, and has nothing of its values."""


class TaskTransport(Protocol):
    """Carries encoded tasks to the workers; what the outbox forwards to."""

    def check(self, tasks: Sequence[EncodedTask]) -> None:
        """Raise ValueError if one of them cannot be sent, or could not be read on arrival."""
        ...

    async def send(self, tasks: Sequence[EncodedTask]) -> set[str]:
        """Hand over all tasks, in order, and return the ids of the duplicates, which will not run.

        A task that was handed over before, and has not ended, is none.

        Raises:
            TaskRefused: one of them can never be handed over; some of the others may have been.
            Unavailable: the transport cannot be reached; some of the tasks may have been handed over.
        """
        ...

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        """The ids of those, given as (queue, id), that it still has, done or not.

        Raises:
            TaskRefused: one of them can never be looked up.
            Unavailable: the transport cannot be reached.
        """
        ...
