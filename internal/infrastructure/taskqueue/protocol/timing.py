from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long the engine waits for what.

    lease: how long a worker may be silent before its tasks go to another.
    look_ahead: how long a task that was fetched ahead may wait for a free slot before it goes back.
    quick: only while tasks take less than this on average are others fetched ahead.
    unknown_every, unknown_grace: how often, and for how long, a task that this worker does not know is
        offered again: a rolling deploy has workers of two versions.
    silence: how long the event loop may be stuck before the process gives up.
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
        """Also how long an idle worker waits for a wake token before it looks by itself: both say "alive"."""
        return self.lease / 3

    def adjusted(self, **values: int | None) -> Timing:
        """With other durations, in milliseconds; None leaves one as it is."""
        given = {name: timedelta(milliseconds=value) for name, value in values.items() if value is not None}
        return replace(self, **given)

    @property
    def gap(self) -> timedelta:
        """No worker was heard for this long: Redis was away, and no lease may lapse for that."""
        return self.lease * 2 / 3


ARCHIVE_MOST = 10_000  # tasks of one queue
MAX_CRASHES = 3
_MILLISECOND = timedelta(milliseconds=1)
MOST_BYTES = 1024 * 1024  # of a message, unless a setting says otherwise


def milliseconds(duration: timedelta) -> int:
    return round(duration / _MILLISECOND)
