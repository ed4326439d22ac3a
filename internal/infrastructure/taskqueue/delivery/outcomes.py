"""Where a task goes that a worker has held."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The names that `settle_and_fetch.lua` knows."""

    DONE = "done"
    RETRY = "retry"
    SCHEDULED = "scheduled"
    ARCHIVED = "archived"
    RELEASED = "released"
    # The task goes on; the note is its result so far.
    PROGRESS = "progress"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a task goes next.

    number: milliseconds. For DONE how long the task is kept, for RETRY and SCHEDULED the delay.

    message: the message to store from now on; empty keeps the stored one.

    note: for DONE the result, else the entry for the history of attempts.

    mark: for RETRY and ARCHIVED the FailureMark as JSON.
    """

    kind: Kind
    number: int = 0
    message: bytes = b""
    note: bytes = b""
    mark: bytes = b""

    @property
    def is_final(self) -> bool:
        return self.kind in {Kind.DONE, Kind.ARCHIVED}


RELEASED = Outcome(Kind.RELEASED)
DONE = Outcome(Kind.DONE)
