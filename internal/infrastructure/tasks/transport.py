from collections.abc import Sequence
from typing import Protocol

from internal.infrastructure.tasks.encoded_task import EncodedTask


class TaskRefused(ValueError):
    """The transport can never accept this task. The text says why, and contains none of its values."""


class TaskTransport(Protocol):
    """Carries encoded tasks to the workers. The outbox relay sends to it."""

    def check(self, tasks: Sequence[EncodedTask]) -> None:
        """Raises ValueError if one of the tasks cannot be sent, or could not be decoded on arrival."""
        ...

    async def send(self, tasks: Sequence[EncodedTask]) -> set[str]:
        """Send all tasks, in order, and return the ids of the duplicates, which will not run.

        A task that was sent before and has not ended is not a duplicate.

        Raises:
            TaskRefused: one of the tasks can never be sent; some of the others may have been.
            Unavailable: the transport cannot be reached; some of the tasks may have been sent.
        """
        ...

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        """Return the ids of the tasks, given as (queue, id), that the transport still has, done or not.

        Raises:
            TaskRefused: one of the tasks can never be looked up.
            Unavailable: the transport cannot be reached.
        """
        ...
