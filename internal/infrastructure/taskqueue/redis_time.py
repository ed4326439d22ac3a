"""Moments as Redis tells them: milliseconds since 1970, by its own clock."""

import time
from datetime import UTC, datetime, timedelta

from internal.infrastructure.taskqueue.timing import milliseconds

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
        self.tell(0)

    def tell(self, ms: int) -> None:
        """Redis has just said so. By now it is a little later: what is due here is due there, too."""
        self._told, self._at = to_moment(ms), time.monotonic()

    @property
    def now(self) -> datetime:
        return self._told + timedelta(seconds=time.monotonic() - self._at)
