from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from enum import StrEnum, auto
from time import monotonic
from typing import Any

from dramatiq.middleware import Interrupt, TimeLimitExceeded
from dramatiq.middleware.shutdown import Shutdown
from dramatiq.middleware.threading import raise_thread_exception

from internal.infrastructure.taskqueue.delivery.outcomes import Outcome


class Cancelled(StrEnum):
    """Why an attempt was cancelled, which decides where the task goes."""

    # Back to the front of its queue, uncounted.
    SHUTDOWN = auto()
    # A failed attempt.
    TIMEOUT = auto()
    # Archived.
    DEADLINE = auto()
    # Nowhere: the task belongs to another worker.
    LEASE_LOST = auto()
    # Archived.
    OPERATOR = auto()


class CancelledByOperator(Interrupt):
    """Raised in the thread of a task that an operator has cancelled."""


def as_interrupt(reason: Cancelled) -> BaseException:
    """The exception that the task receives, and the error of its attempt."""
    if reason is Cancelled.OPERATOR:
        return CancelledByOperator("")
    return Shutdown("") if reason in _GAVE_BACK else TimeLimitExceeded("")


_GAVE_BACK = frozenset({Cancelled.SHUTDOWN, Cancelled.LEASE_LOST})

# Held while a thread is being interrupted. That thread takes it only while nobody can interrupt it yet.
_interrupting = threading.Lock()


class Attempt:
    """The state of one run of a task, from its fetch until it is settled.

    The runner changes it. Middleware may decide the outcome; limits, operators and a shutdown may cancel or
    interrupt the run.
    """

    __slots__ = (
        "_is_cancellable",
        "_thread_id",
        "cancelled",
        "is_native",
        "is_undecided",
        "on_result",
        "outcome",
        "result",
        "seconds",
        "started_at",
        "task",
    )

    def __init__(self, *, cancelled: Cancelled | None = None) -> None:
        self.cancelled = cancelled
        self.outcome: Outcome | None = None
        # It has started, and nothing says yet that it is done.
        self.is_undecided = False
        self.result = b""
        # Called with the delivery when there is a result before the end.
        self.on_result: Callable[[Any], None] | None = None
        # On the clock of `monotonic`.
        self.started_at: float | None = None
        self.seconds = 0.0
        # Whether it runs as a coroutine on the worker's loop.
        self.is_native = False
        # The life of the task; None under Dramatiq's own Worker.
        self.task: asyncio.Task[Any] | None = None
        self._is_cancellable = False
        # The thread that may be interrupted.
        self._thread_id: int | None = None

    @property
    def gave_back(self) -> bool:
        """Whether it was cancelled for a reason that is not its own fault."""
        return self.cancelled in _GAVE_BACK

    @property
    def is_cancellable(self) -> bool:
        """Whether its handler is running on the loop."""
        return self._is_cancellable

    def begin_on_loop(self) -> None:
        """From here until `end_on_loop` this task may be cancelled."""
        self.is_native = self._is_cancellable = True
        self.started_at = monotonic()

    def end_on_loop(self) -> None:
        self._is_cancellable = False

    def cancel(self, reason: Cancelled) -> None:
        """Cancel the coroutine, or keep a run from beginning; the first reason stands. A thread goes on.

        Only the worker's loop may call this.
        """
        if not self.is_native:
            with _interrupting:
                if self.cancelled is None and self.started_at is None:
                    self.cancelled = reason
        elif self._is_cancellable and self.cancelled is None and self.task:
            self.cancelled = reason
            self.task.cancel()

    def interrupt(self, reason: Cancelled) -> None:
        """Cancel the coroutine, or interrupt the thread, which receives it at its next bytecode."""
        if self.is_native:
            self.cancel(reason)
            return
        with _interrupting:
            if self.cancelled or not (self._thread_id or self.started_at is None):
                return
            self.cancelled = reason
            if self._thread_id:
                raise_thread_exception(self._thread_id, type(as_interrupt(reason)))

    def interrupt_from_anywhere(self, reason: Cancelled) -> None:
        """Interrupt it; any thread may call this."""
        if self.is_native and self.task:
            self.task.get_loop().call_soon_threadsafe(self.cancel, reason)
        else:
            self.interrupt(reason)

    def open_to_interrupts(self) -> None:
        """From here this thread may be interrupted, once."""
        if self._thread_id is None:
            with _interrupting:
                self.started_at = self.started_at or monotonic()
                self._thread_id = threading.get_ident()

    def close_to_interrupts(self) -> None:
        """Once this has returned, the thread is not interrupted any more.

        An interrupt may arrive in here. So this takes no lock: an interrupt could leave it locked.
        """
        self._thread_id = None
        # Another thread may be interrupting this one right now.
        while _interrupting.locked():
            time.sleep(0)

    def drop_interrupt(self) -> None:
        """Close to interrupts a thread whose handler has ended: an interrupt that comes now is too late."""
        if self._thread_id is None:
            return
        try:
            self.close_to_interrupts()
        except Interrupt:
            self.close_to_interrupts()
            self.cancelled = None
