"""What becomes of a task that a worker holds, and the batches in which Redis is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """As `settle_and_fetch.lua` names them."""

    DONE = "done"
    RETRY = "retry"
    SCHEDULED = "scheduled"
    ARCHIVED = "archived"
    RELEASED = "released"
    PROGRESS = "progress"  # it goes on; the note is its result so far


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a task goes next.

    number: for DONE how long it is kept, for RETRY and SCHEDULED the delay; milliseconds.
    message: the message as it is to be stored from now on; empty keeps what is stored.
    note: what is written down of this attempt; for DONE the result.
    """

    kind: Kind
    number: int = 0
    message: bytes = b""
    note: bytes = b""

    @property
    def is_final(self) -> bool:
        return self.kind in {Kind.DONE, Kind.ARCHIVED}


RELEASED = Outcome(Kind.RELEASED)
DONE = Outcome(Kind.DONE)
