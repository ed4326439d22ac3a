"""Receive signals without losing one, from the start of a process to its end.

Python runs signal handlers only in the main thread, which does not wake up if the kernel gives the signal to
another thread. The file descriptor of `signal.set_wakeup_fd` is written at once, in any thread.

Entry points call this module before they import anything large. Until then a signal has its default effect,
and no effect in the first process of a container. So this module imports only the standard library.
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from functools import cache
from types import FrameType

STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
HANDLED = STOP_SIGNALS | {signal.SIGTSTP, signal.SIGCONT}

_AT_ONCE = 4096  # bytes, one for each signal


class SignalQueue:
    """The signals that this process received. Until `begin`, STOP_SIGNALS exit the process with 0."""

    def __init__(self) -> None:
        self._has_begun = False
        self._received, self._sender = os.pipe()
        for end in (self._received, self._sender):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._sender, warn_on_full_buffer=False)
        for number in HANDLED:
            signal.signal(number, self._note)
        self._mask = threading.local()
        os.register_at_fork(
            before=self._hold, after_in_parent=self._let_in, after_in_child=self._leave_to_parent
        )
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)

    def begin(self, *, more: Collection[signal.Signals] = ()) -> None:
        """From now on signals are only read, also earlier ones and those in `more`."""
        self._has_begun = True
        for number in more:
            signal.signal(number, self._note)

    def wait(self, within: float | None = None) -> list[signal.Signals]:
        """Return the signals since the last call. Without any, wait for one or for `wake`."""
        select.select([self._received], [], [], within)
        with suppress(BlockingIOError):
            return [signal.Signals(number) for number in os.read(self._received, _AT_ONCE) if number]
        return []

    def wake(self) -> None:
        """Make `wait` return. Callable from any thread."""
        with suppress(BlockingIOError):  # the pipe is full, so `wait` returns anyway
            os.write(self._sender, b"\0")

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signal module's signature
        if number in STOP_SIGNALS and not self._has_begun:
            os._exit(0)

    def _hold(self) -> None:
        self._mask.before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)

    def _let_in(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask.before)

    def _leave_to_parent(self) -> None:
        """In a process that a task forks: it shares the pipe, but its signals are not for us."""
        signal.set_wakeup_fd(-1)
        for number in HANDLED:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._let_in()


@cache
def listen() -> SignalQueue:
    """The signals of this process. The first call starts to receive them."""
    return SignalQueue()


def end_when_told(*, code: int = 0) -> None:
    """Exit at once when one of STOP_SIGNALS arrives, until something else handles it."""

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's signature
        os._exit(code)

    for number in STOP_SIGNALS:
        signal.signal(number, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)


@contextmanager
def held(signals: Collection[signal.Signals] = HANDLED) -> Generator[None]:
    """Block these signals in a process that is started in the body, until it unblocks them itself.

    Signals that arrive before are not lost and do not kill it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def reap_orphans(own: Collection[int]) -> None:
    """As the first process of a container, reap zombies whose parent has died.

    The processes `own` are left to the code that waits for their exit codes.
    """
    if sys.platform != "linux" or os.getpid() != 1:
        return
    with suppress(ChildProcessError):  # there are no children
        while (
            ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        ) and ended.si_pid not in own:
            os.waitpid(ended.si_pid, 0)
