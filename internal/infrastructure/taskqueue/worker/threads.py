import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from dramatiq import Broker

from internal.infrastructure.telemetry.failure_log import report


class WorkerThreads:
    """Threads for tasks that block, at most `size`; one starts when there is work and no thread is idle.

    They are daemons: a task that ignores its interruption does not keep the process alive.
    """

    def __init__(self, broker: Broker, *, size: int) -> None:
        self._broker = broker
        self._size = size
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._lock = threading.Lock()

    def submit(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            elif len(self._threads) < self._size:
                thread = threading.Thread(target=self._run, daemon=True, name="dramatiq-worker")
                # One that the system refuses does not count.
                thread.start()
                self._threads.append(thread)
        self._work.put(work)

    def stop(self) -> None:
        """Let each thread end after its current work."""
        for _ in self._threads:
            self._work.put(None)

    def _run(self) -> None:
        # Hooks expect Dramatiq's own class, and use it as a Thread.
        thread: Any = threading.current_thread()
        _surely(self._broker.emit_after, "worker_thread_boot", thread)
        while (work := self._work.get()) is not None:
            _surely(work)
            with self._lock:
                self._idle += 1
        _surely(self._broker.emit_before, "worker_thread_shutdown", thread)


def _surely(function: Callable[..., None], *args: Any) -> None:
    """Call it; the thread survives every error, because the others count on it to take work."""
    try:
        function(*args)
    except BaseException:  # noqa: BLE001 - not even SystemExit may end it
        report("worker.thread_failed")
