import os
import signal
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

from granian.server.mp import MPServer

# From the process that listens for signals to those that serve; Granian uses others.
DRAIN = signal.SIGUSR1


class DrainingServer(MPServer):
    """Says for a while that it is not ready before it stops, so that no request is sent to a closed port.

    Whoever tells it to stop twice does not want to wait for that.
    """

    def __init__(self, *args: Any, drain_time: timedelta, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._drain_time = drain_time
        self._is_draining = False
        # Inherited: a process that is still starting would end by the signal otherwise.
        signal.signal(DRAIN, signal.SIG_IGN)

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        if self._is_draining or not self._drain_time:
            self._stop(*args, **kwargs)
            return
        self._is_draining = True
        for worker in self.wrks:
            with suppress(ProcessLookupError):
                os.kill(worker.inner.pid, DRAIN)
        timer = threading.Timer(self._drain_time.total_seconds(), self._stop)
        timer.daemon = True
        timer.start()

    def _stop(self, *args: Any, **kwargs: Any) -> None:
        # In a thread: it sets an event, whose lock the code that a signal has interrupted may hold.
        stop = super().signal_handler_interrupt
        threading.Thread(target=stop, args=args, kwargs=kwargs, daemon=True).start()
