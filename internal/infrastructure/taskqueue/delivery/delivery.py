from time import monotonic
from typing import Any

from dramatiq import Message, MessageProxy

from internal.infrastructure.taskqueue.delivery.attempt import Attempt, Cancelled
from internal.infrastructure.taskqueue.delivery.hidden_texts import hidden
from internal.infrastructure.taskqueue.delivery.outcomes import Outcome
from internal.infrastructure.taskqueue.delivery.settlements import Lease
from internal.infrastructure.tasks import storable

# Bytes.
LARGEST_RESULT = 64 * 1024


class Delivery(MessageProxy):
    """A message and its lease, as one worker holds them from the fetch until the task is settled.

    data: the message as Redis has it.
    deadline: on the clock of `monotonic`.
    waited: seconds that it was pending before it was fetched.
    """

    # The state of its run, from `begin` on.
    attempt: Attempt
    # The decrypted payload of a task whose payload is encrypted in Redis.
    secret_payload: dict[str, Any] | None = None

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
        waited: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.lease = lease
        self.data = data
        self.deadline = deadline
        self.suspect = suspect
        self.crashes = crashes
        self.is_cancelled = is_cancelled
        self.waited = waited
        self.fetched_at = monotonic()

    # A proxy compares by its message; each delivery is distinct.
    __hash__ = object.__hash__

    def begin(self) -> Attempt:
        """A new attempt, which an operator may have cancelled already."""
        self.attempt = Attempt(cancelled=Cancelled.OPERATOR if self.is_cancelled else None)
        return self.attempt

    @property
    def queue(self) -> str:
        return self.lease.queue

    @property
    def task_id(self) -> str:
        return self.lease.task_id

    @property
    def is_native(self) -> bool:
        """Whether it runs as a coroutine on the worker's loop."""
        return self.attempt.is_native

    @property
    def is_overdue(self) -> bool:
        return self.deadline is not None and monotonic() >= self.deadline

    @property
    def outcome(self) -> Outcome | None:
        """As middleware has decided it."""
        return self.attempt.outcome

    @property
    def cancelled(self) -> Cancelled | None:
        return self.attempt.cancelled

    @property
    def error(self) -> BaseException | None:
        """The exception that its run has raised."""
        return self._exception

    def hide(self, text: str) -> str:
        """The text of an error without the texts of an encrypted payload."""
        return hidden(text, self.secret_payload) if self.secret_payload else text

    def stuff_exception(self, exception: BaseException) -> None:
        super().stuff_exception(exception)
        self.attempt.drop_interrupt()

    def write_result(self, value: object) -> None:
        """Store a value with the task, from now on; the last one replaces earlier ones.

        Raises:
            ValueError: it is larger than LARGEST_RESULT as JSON, or would not be read as it was written.
        """
        result = storable.encode_unchanged(value)
        if len(result) > LARGEST_RESULT:
            raise ValueError(f"a result of {len(result)} bytes; the most is {LARGEST_RESULT}")
        self.attempt.result = result
        if self.attempt.on_result and self.options.get("retention"):
            self.attempt.on_result(self)
