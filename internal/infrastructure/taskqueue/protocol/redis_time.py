"""Moments as Redis tells them: milliseconds since 1970, by its own clock."""

import time
from datetime import UTC, datetime, timedelta

from internal.infrastructure.taskqueue.protocol.timing import milliseconds

# As in `moves.lua`: a smaller step back is not taken for a clock that was ahead.
SKEW = timedelta(seconds=30)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = milliseconds(datetime(9999, 12, 31, tzinfo=UTC) - EPOCH)


def to_moment(ms: float) -> datetime:
    """The end of the calendar stands for whatever comes after it."""
    return EPOCH + timedelta(milliseconds=min(ms, _LAST))


def to_ms(moment: datetime) -> int:
    return milliseconds(moment - EPOCH)


class RedisTime:
    """Redis' clock: what it said last, and what has passed since. The machine's own date plays no part."""

    def __init__(self) -> None:
        self._set(0)

    def tell(self, ms: int) -> bool:
        """Redis has just said so. By now it is a little later: what is due here is due there, too.

        Returns whether its clock was ahead before, and was corrected.
        """
        was_ahead = to_moment(ms) + SKEW < self.now
        self._set(ms)
        return was_ahead

    def _set(self, ms: int) -> None:
        self._told, self._at = to_moment(ms), time.monotonic()

    @property
    def now(self) -> datetime:
        return self._told + timedelta(seconds=time.monotonic() - self._at)
