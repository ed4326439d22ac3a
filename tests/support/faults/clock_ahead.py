"""Imported first by a worker whose clock is to be CLOCK_AHEAD seconds ahead."""

import os
import time

import dramatiq.common

real_time = time.time
ahead = float(os.environ.get("CLOCK_AHEAD", "0"))


def time_ahead() -> float:
    return real_time() + ahead


time.time = time_ahead
dramatiq.common.time = time_ahead  # type: ignore[attr-defined]  # it has taken its own, not for others
