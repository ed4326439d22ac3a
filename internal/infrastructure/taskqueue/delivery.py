from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum, auto
from time import monotonic
from typing import Any

import msgspec
from dramatiq import Message, MessageProxy
from dramatiq.middleware import Interrupt

from internal.infrastructure.taskqueue.outcomes import DONE, Kind, Outcome

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


class Delivery(MessageProxy):
    """A message as one worker holds it, from fetching to settling, with the token that proves it."""

    def __init__(
        self,
        message: Message[Any],
        *,
        queue: str,
        task_id: str,
        token: str,
        deadline: float | None = None,
        suspect: bool = False,
        crashes: int = 0,
        is_cancelled: bool = False,
    ) -> None:
        super().__init__(message)
        self.queue = queue
        self.task_id = task_id
        self.token = token
        self.deadline = deadline  # on the clock of `monotonic`
        self.suspect = suspect
        self.crashes = crashes
        self.fetched_at = monotonic()
        self.outcome: Outcome | None = None
        self.result: bytes = b""
        self.told: Callable[[Delivery], None] | None = None  # of a result while it runs
        self.run: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.cancelled: Cancelled | None = Cancelled.OPERATOR if is_cancelled else None
        self.started_at: float | None = None  # on the clock of `monotonic`
        self.thread_id: int | None = None

    __hash__ = object.__hash__  # a proxy compares by its message; here each is one of a kind

    @property
    def holding(self) -> tuple[str, str, str]:
        return self.queue, self.task_id, self.token

    @property
    def is_native(self) -> bool:
        """Whether it runs as a coroutine on the worker's loop."""
        return self.run is not None

    @property
    def is_overdue(self) -> bool:
        return self.deadline is not None and monotonic() >= self.deadline

    def cancel(self, reason: Cancelled) -> None:
        """Cancel the run, once: the first reason stands."""
        if self.run and not self.run.done() and self.cancelled is None:
            self.cancelled = reason
            self.run.cancel()

    def write_result(self, value: object) -> None:
        """Keep a value with the task, from now on; whoever looks sees the last one.

        Raises:
            ValueError: it is larger than LARGEST_RESULT as JSON.
        """
        result = msgspec.json.encode(value)
        if len(result) > LARGEST_RESULT:
            raise ValueError(f"a result of {len(result)} bytes; the most is {LARGEST_RESULT}")
        self.result = result
        if self.told and self.options.get("retention"):
            self.told(self)

    def settled_as(self) -> Outcome:
        """What a finished run comes to: as the middleware decided, else by whether it failed."""
        if self.outcome:
            return self.outcome
        if self.failed:
            return Outcome(Kind.ARCHIVED)
        keep_for = self.options.get("retention", 0)
        return Outcome(Kind.DONE, keep_for, note=self.result) if keep_for else DONE
