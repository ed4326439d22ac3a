"""A measured system: how to start it, give it work, and count its remaining tasks."""

from typing import Protocol

SLOTS = 10  # of each worker process


class Contender(Protocol):
    name: str

    def commands(self, *, processes: int) -> list[list[str]]:
        """Return the command that starts this number of worker processes, with SLOTS slots each."""
        ...

    def publish(self, count: int) -> None:
        """Publish this number of no-op tasks with the payload of the welcome mail."""
        ...

    def mark(self, label: str) -> None:
        """Publish one task that writes a note when it starts."""
        ...

    def remaining(self) -> int:
        """Count the tasks that are queued or running."""
        ...
