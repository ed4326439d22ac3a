"""The outbox as operators see it, and the actions on its rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from internal.domain.errors import NotFound
from internal.ports.task_inspector import ActionResult


class OutboxRowNotFound(NotFound):
    code = "OUTBOX_ROW_NOT_FOUND"


class OutboxState(StrEnum):
    """The state of a row.

    WAITING: not enqueued yet. FORWARDED: in the task queue, and not ended.
    DONE, GIVEN_UP: the task succeeded, or was archived.
    DUPLICATE: the task did not run because the task queue had an equal one.
    """

    WAITING = "waiting"
    FORWARDED = "forwarded"
    GIVEN_UP = "given-up"
    DONE = "done"
    DUPLICATE = "duplicate"

    @property
    def is_open(self) -> bool:
        return self in {OutboxState.WAITING, OutboxState.FORWARDED}


class OutboxAction(StrEnum):
    """An action on rows.

    REDRIVE: enqueue the task now, unless the task queue has it. The row of an archived task is open again,
    and the task starts from the beginning. Effects that happened once per key do not happen again.
    DISCARD: close the row without running the task.
    """

    REDRIVE = "redrive"
    DISCARD = "discard"


APPLIES_TO: Mapping[OutboxAction, frozenset[OutboxState]] = {
    OutboxAction.REDRIVE: frozenset({OutboxState.WAITING, OutboxState.FORWARDED, OutboxState.GIVEN_UP}),
    OutboxAction.DISCARD: frozenset({OutboxState.WAITING, OutboxState.FORWARDED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A task as it was stored with its data.

    payload: as JSON has it; a text about the key if it is encrypted and cannot be decrypted here.
    next_try_at: when the relay enqueues the task, or looks for it in the task queue; unused after its end.
    completed_at: when the effect happened that must not happen twice.
    last_error, last_failed_at: why and when the relay last failed to enqueue the task or to look for it. Both
        stay after a success. They do not describe how the task ran.
    """

    id: str
    name: str
    queue: str
    state: OutboxState
    payload: object
    stored_at: datetime
    next_try_at: datetime
    forwarded_at: datetime | None = None
    completed_at: datetime | None = None
    ended_at: datetime | None = None
    last_error: str | None = None
    last_failed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxStats:
    """The number of rows in the states that may need an operator, and the age of the oldest.

    Rows of done tasks are not counted, because counting takes time in proportion to their number.
    last_error, last_failed_at: the newest ones of all open rows.
    """

    waiting: int
    forwarded: int
    given_up: int
    oldest_waiting: timedelta | None
    oldest_open: timedelta | None
    last_error: str | None
    last_failed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxPage:
    """Some rows, and the cursor of the next page: None at the end."""

    rows: Sequence[OutboxRow]
    next: str | None


class OutboxInspector(Protocol):
    """Every method raises Unavailable without the store; `act` also raises it without the task queue."""

    async def stats(self) -> OutboxStats: ...

    async def rows(
        self,
        state: OutboxState | None,
        *,
        newest_first: bool = True,
        size: int = 30,
        cursor: str | None = None,
    ) -> OutboxPage:
        """Return one page of the rows in a state; without a state, of all rows.

        Open rows are newer than ended ones. The newest open row was stored last; the newest ended row ended
        last.

        Raises:
            ValueError: the size is not within 1 to 500, or the cursor belongs to another list.
        """
        ...

    async def row(self, task_id: str) -> OutboxRow:
        """Raises OutboxRowNotFound."""
        ...

    async def act(self, action: OutboxAction, task_ids: Sequence[str]) -> ActionResult:
        """Act on these rows. Missing rows are refused, and so is discarding an active task.

        An archived task is not redriven while it is still ending, or if the task queue has an equal one.

        Raises:
            ValueError: there are more than 500 ids.
        """
        ...

    def act_on_all(self, action: OutboxAction, state: OutboxState) -> AsyncIterator[ActionResult]:
        """Act on all rows that are in this state now, the oldest first, and yield a result for each batch.

        Raises:
            Conflict: the action does not apply to this state.
        """
        ...
