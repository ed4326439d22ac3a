import asyncio
import os
import sys
import threading
import traceback
from datetime import timedelta
from time import monotonic

import structlog

log = structlog.get_logger(__name__)

# The exit code: EX_SOFTWARE of sysexits.h.
STUCK = 70


class LoopWatchdog:
    """Ends the process when its event loop has been silent for too long.

    A coroutine that blocks the loop also keeps the leases from being extended. So the worker's tasks go to
    another one, while this process looks alive.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, silence: timedelta) -> None:
        self._loop = loop
        self._silence = silence.total_seconds()
        self._heard = monotonic()
        self._loop_thread = 0
        self._stopped = threading.Event()

    def start(self) -> None:
        self._loop.call_soon_threadsafe(self._beat)
        threading.Thread(target=self._watch, daemon=True, name="loop-watchdog").start()

    def stop(self) -> None:
        self._stopped.set()

    def _beat(self) -> None:
        self._heard = monotonic()
        self._loop_thread = threading.get_ident()
        if not self._stopped.is_set():
            self._loop.call_later(self._silence / 10, self._beat)

    def _watch(self) -> None:
        while not self._stopped.wait(self._silence / 10):
            if monotonic() - self._heard > self._silence:
                frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001 - the documented way
                stack = "".join(traceback.format_stack(frame)) if frame else "unknown"
                log.critical("worker.loop_stuck", seconds=self._silence, stack=stack)
                os._exit(STUCK)
