from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from enum import StrEnum, auto
from time import monotonic
from typing import Any

from dramatiq import Message, MessageProxy
from dramatiq.middleware import Interrupt, TimeLimitExceeded
from dramatiq.middleware.shutdown import Shutdown
from dramatiq.middleware.threading import raise_thread_exception

from internal.infrastructure.taskqueue.delivery.outcomes import Outcome
from internal.infrastructure.taskqueue.delivery.settlements import Lease
from internal.infrastructure.tasks import storable

LARGEST_RESULT = 64 * 1024  # bytes


class Cancelled(StrEnum):
    """Why a running task was cancelled, which decides what becomes of it."""

    SHUTDOWN = auto()  # goes back to the front of its queue, uncounted
    TIMEOUT = auto()  # a failed attempt
    DEADLINE = auto()  # archived
    LEASE_LOST = auto()  # nothing: it is no longer ours
    OPERATOR = auto()  # archived


class CancelledByOperator(Interrupt):
    """Raised in the thread of a task that an operator has cancelled."""


def as_interrupt(reason: Cancelled) -> BaseException:
    """What the task hears of it, and the error that its attempt then ends with."""
    if reason is Cancelled.OPERATOR:
        return CancelledByOperator("")
    return Shutdown("") if reason in _GAVE_BACK else TimeLimitExceeded("")


_GAVE_BACK = frozenset({Cancelled.SHUTDOWN, Cancelled.LEASE_LOST})

# Held to interrupt a thread. The thread itself takes it only where nobody interrupts it yet.
_interrupting = threading.Lock()


class Delivery(MessageProxy):
    """A message as one worker holds it, from fetching to settling, with the token that proves it."""

    def __init__(
        self,
        message: Message[Any],
        *,
        lease: Lease,
        data: bytes = b"",
        deadline: float | None = None,
        suspect: bool = False,
        crashes: int = 0,
        is_cancelled: bool = False,
    ) -> None:
        super().__init__(message)
        self.lease = lease
        self.data = data  # the message as it came
        self.deadline = deadline  # on the clock of `monotonic`
        self.suspect = suspect
        self.crashes = crashes
        self.fetched_at = monotonic()
        self.outcome: Outcome | None = None
        self.is_undecided = False  # it has started, and nobody has said that it is done
        self.result: bytes = b""
        self.told: Callable[[Delivery], None] | None = None  # of a result while it runs
        self.run: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.cancelled: Cancelled | None = Cancelled.OPERATOR if is_cancelled else None
        self.started_at: float | None = None  # on the clock of `monotonic`
        self.thread_id: int | None = None  # while it may be interrupted there

    __hash__ = object.__hash__  # a proxy compares by its message; here each is one of a kind

    @property
    def queue(self) -> str:
        return self.lease.queue

    @property
    def task_id(self) -> str:
        return self.lease.task_id

    @property
    def is_native(self) -> bool:
        """Whether it runs as a coroutine on the worker's loop."""
        return self.run is not None

    @property
    def is_overdue(self) -> bool:
        return self.deadline is not None and monotonic() >= self.deadline

    @property
    def error(self) -> BaseException | None:
        """What its run has raised."""
        return self._exception

    @property
    def gave_back(self) -> bool:
        """Whether it was cancelled for a reason that is no fault of its own."""
        return self.cancelled in _GAVE_BACK

    def stuff_exception(self, exception: BaseException) -> None:
        super().stuff_exception(exception)
        self.drop_interrupt()

    def cancel(self, reason: Cancelled) -> None:
        """Cancel the run on the loop, once: the first reason stands. One that has not begun sees it then."""
        if self.run and not self.run.done() and self.cancelled is None:
            self.cancelled = reason
            if self.started_at is not None:
                self.run.cancel()

    def interrupt(self, reason: Cancelled) -> None:
        """Cancel it, on the loop or in a thread; a thread hears of it at its next bytecode."""
        if self.run:
            self.cancel(reason)
            return
        with _interrupting:
            if self.cancelled or not (self.thread_id or self.started_at is None):
                return
            self.cancelled = reason
            if self.thread_id:
                raise_thread_exception(self.thread_id, type(as_interrupt(reason)))

    def open_to_interrupts(self) -> None:
        """From here this thread may be interrupted, once."""
        if self.thread_id is None:
            with _interrupting:
                self.started_at = self.started_at or monotonic()
                self.thread_id = threading.get_ident()

    def close_to_interrupts(self) -> None:
        """Once this has returned, the thread is not interrupted any more.

        Until then it may be, here as well. It takes no lock: an interrupt could leave that locked.
        """
        self.thread_id = None
        while _interrupting.locked():  # somebody may just be doing it
            time.sleep(0)

    def drop_interrupt(self) -> None:
        """Close to interrupts a thread whose handler has ended: one that comes now is too late."""
        if self.thread_id is None:
            return
        try:
            self.close_to_interrupts()
        except Interrupt:
            self.close_to_interrupts()
            self.cancelled = None

    def write_result(self, value: object) -> None:
        """Keep a value with the task, from now on; whoever looks sees the last one.

        Raises:
            ValueError: it is larger than LARGEST_RESULT as JSON, or would not be read as it was written.
        """
        result = storable.encode_unchanged(value)
        if len(result) > LARGEST_RESULT:
            raise ValueError(f"a result of {len(result)} bytes; the most is {LARGEST_RESULT}")
        self.result = result
        if self.told and self.options.get("retention"):
            self.told(self)
