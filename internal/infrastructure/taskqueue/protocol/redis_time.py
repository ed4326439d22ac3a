"""Converts times of Redis: milliseconds since 1970, by its own clock."""

import time
from datetime import UTC, datetime, timedelta

from internal.infrastructure.taskqueue.protocol.timing import milliseconds

# As in `keys.lua`: a smaller step back does not mean that the clock was ahead.
SKEW = timedelta(seconds=30)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = milliseconds(datetime(9999, 12, 31, tzinfo=UTC) - EPOCH)


def to_moment(ms: float) -> datetime:
    """Convert to a datetime. Times beyond the calendar become its end."""
    return EPOCH + timedelta(milliseconds=min(ms, _LAST))


def to_ms(moment: datetime) -> int:
    return milliseconds(moment - EPOCH)


class RedisTime:
    """Redis' clock: its last known time plus the time since then. Ignores the date of this machine."""

    def __init__(self) -> None:
        self._set(0)

    def tell(self, ms: int) -> bool:
        """Set the time that Redis has just reported. Redis is slightly ahead: what is due here is due there.

        Returns True if Redis' clock was ahead before and was corrected.
        """
        was_ahead = to_moment(ms) + SKEW < self.now
        self._set(ms)
        return was_ahead

    def _set(self, ms: int) -> None:
        self._told, self._at = to_moment(ms), time.monotonic()

    @property
    def now(self) -> datetime:
        return self._told + timedelta(seconds=time.monotonic() - self._at)
