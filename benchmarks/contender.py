"""Whoever is measured: how to start it, how to give it work, how to see what is left."""

from typing import Protocol

SLOTS = 10  # of each worker process


class Contender(Protocol):
    name: str

    def commands(self, *, processes: int) -> list[list[str]]:
        """What starts so many worker processes of SLOTS slots each."""
        ...

    def publish(self, count: int) -> None:
        """Give it so many tasks that do nothing and carry the welcome mail's payload."""
        ...

    def mark(self, label: str) -> None:
        """Give it one task that writes a note when it starts."""
        ...

    def remaining(self) -> int:
        """How many tasks it has yet to do, or is doing."""
        ...
