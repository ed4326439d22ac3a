import socket
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from granian.server.mp import MPServer, WorkerProcess

from internal.infrastructure.bootstrap.process.process_signals import reap_orphans
from internal.infrastructure.bootstrap.server.process_health import ProcessHealth
from internal.infrastructure.bootstrap.server.serving_process import DRAIN, ServingProcess
from internal.infrastructure.http.private_listener import PrivateListener

if TYPE_CHECKING:
    from litestar.types import ASGIApp

LOOKS_EVERY = 1.0  # seconds


class DrainingServer(MPServer):
    """Reports for a while that it is not ready before it stops, so that no request meets a closed port.

    A second signal skips that wait. Each serving process builds its application with `build_app`, which gets
    its connection to this process. On the socket `private`, this process reports their health.
    """

    def __init__(
        self,
        *args: Any,
        build_app: Callable[[socket.socket], "ASGIApp"],
        private: socket.socket,
        drain_time: timedelta,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.main_loop_interrupt = _Interrupt(is_due=self._is_due)
        self._build_app = build_app
        self._drain_time = drain_time
        self._is_draining = False
        health = ProcessHealth(self._serving, expected=self.workers)
        self._private_listener = PrivateListener(private, health.routes)

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]  # Granian's
        self._private_listener.start()

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        if self._is_draining or not self._drain_time:
            self._stop(*args, **kwargs)
            return
        self._is_draining = True
        for process in self._serving():
            process.tell(DRAIN)
        timer = threading.Timer(self._drain_time.total_seconds(), self._stop)
        timer.daemon = True
        timer.start()

    def _stop(self, *args: Any, **kwargs: Any) -> None:
        # In a thread: it sets an event, and the code that the signal interrupted may hold the event's lock.
        stop = super().signal_handler_interrupt
        threading.Thread(target=stop, args=args, kwargs=kwargs, daemon=True).start()

    def _spawn_worker(  # type: ignore[override]  # as Granian's own MPServer does it
        self,
        idx: int,
        target: Any,
        callback_loader: Any,  # noqa: ARG002 - ours gets the connection
    ) -> WorkerProcess:
        ours, theirs = socket.socketpair()
        worker = super()._spawn_worker(idx, target, partial(self._build_app, theirs))
        worker.inner = process = ServingProcess(worker.inner, ours=ours, theirs=theirs)
        if self._is_draining:
            process.tell(DRAIN)
        return worker

    def _serving(self) -> Sequence[ServingProcess]:
        return [worker.inner for worker in self.wrks]

    def _is_due(self) -> bool:
        reap_orphans(own=[process.pid for process in self._serving()])
        return bool(self.interrupt_signal or self.interrupt_children)


class _Interrupt(threading.Event):
    """Wakes the main thread regularly, because Python runs signal handlers only there.

    If the kernel gives a signal to another thread, nothing else wakes it. Granian clears the event when it
    replaces a process, even if a signal or another death has just set it. So `is_due` is asked as well.
    """

    def __init__(self, *, is_due: Callable[[], bool]) -> None:
        super().__init__()
        self._is_due = is_due

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is not None:
            return super().wait(timeout)
        while not (super().wait(LOOKS_EVERY) or self._is_due()):
            pass
        return True
