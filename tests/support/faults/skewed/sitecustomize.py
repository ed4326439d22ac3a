"""Found first on PYTHONPATH: this process's clock is CLOCK_AHEAD seconds ahead; the monotonic one is not."""

import os
import time
from datetime import datetime, timedelta, tzinfo

from internal.infrastructure import clock

AHEAD = float(os.environ.get("CLOCK_AHEAD", "0"))
real_time = time.time


class Ahead(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain one
        return datetime.now(tz) + timedelta(seconds=AHEAD)


time.time = lambda: real_time() + AHEAD
clock.datetime = Ahead  # type: ignore[attr-defined]  # it imports it for itself
