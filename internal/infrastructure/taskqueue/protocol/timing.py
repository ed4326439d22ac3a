from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The durations of the engine.

    lease: how long a worker may be silent before its tasks go to another one.
    look_ahead: how long a prefetched task may wait for a free slot before it goes back.
    quick: the worker prefetches while tasks take less than this on average.
    unknown_every, unknown_grace: how often and how long a task that this worker does not know is offered
        again, because workers of two versions run during a rolling deploy.
    silence: how long the event loop may be stuck before the process exits.
    archive_for: how long an archived task is kept.
    """

    lease: timedelta = timedelta(seconds=15)
    look_ahead: timedelta = timedelta(milliseconds=50)
    quick: timedelta = timedelta(milliseconds=5)
    unknown_every: timedelta = timedelta(seconds=30)
    unknown_grace: timedelta = timedelta(minutes=10)
    silence: timedelta = timedelta(seconds=30)
    archive_for: timedelta = timedelta(days=90)

    @property
    def extend_every(self) -> timedelta:
        """How often leases are extended, and how often an idle worker looks for tasks without being woken."""
        return self.lease / 3

    def adjusted(self, **values: int | None) -> Timing:
        """Return a copy with other durations, in milliseconds; None keeps a duration."""
        given = {name: timedelta(milliseconds=value) for name, value in values.items() if value is not None}
        return replace(self, **given)

    @property
    def gap(self) -> timedelta:
        """If no worker was heard for this long, Redis was down, and no lease may lapse because of it."""
        return self.lease * 2 / 3


ARCHIVE_MOST = 10_000  # tasks of one queue
MAX_CRASHES = 3
_MILLISECOND = timedelta(milliseconds=1)
MOST_BYTES = 1024 * 1024  # of a message, by default


def milliseconds(duration: timedelta) -> int:
    return round(duration / _MILLISECOND)
