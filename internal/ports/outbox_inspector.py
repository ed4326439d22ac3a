"""What operators see of the outbox, and what they can do to its rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from internal.domain.errors import NotFound
from internal.ports.task_inspector import ActionResult


class OutboxRowNotFound(NotFound):
    code = "OUTBOX_ROW_NOT_FOUND"


class OutboxState(StrEnum):
    """Where the task of a row stands.

    WAITING: not forwarded to the task queue yet. FORWARDED: there, and not ended.
    DONE, GIVEN_UP: ended. DUPLICATE: ended without having run, since an equal task was there already.
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
    """What can be done to rows.

    REDRIVE: forward the task now, if the task queue does not have it. One that was given up is open again,
    and its task begins anew; an effect that it has made, it does not make again.
    DISCARD: give the task up without running it.
    """

    REDRIVE = "redrive"
    DISCARD = "discard"


APPLIES_TO: Mapping[OutboxAction, frozenset[OutboxState]] = {
    OutboxAction.REDRIVE: frozenset({OutboxState.WAITING, OutboxState.FORWARDED, OutboxState.GIVEN_UP}),
    OutboxAction.DISCARD: frozenset({OutboxState.WAITING, OutboxState.FORWARDED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A task, as it was stored with the data it belongs to.

    next_try_at: when it is forwarded, or looked for in the task queue; of no meaning once it has ended.
    completed_at: when the effect was made that must not be made twice.
    last_error, last_failed_at: why the task queue could not be given the task, or asked for it, the last
    time that this failed, and when. It stays when all is well again, and says nothing of how the task ran.
    """

    id: str
    name: str
    queue: str
    state: OutboxState
    payload: Mapping[str, Any]
    stored_at: datetime
    next_try_at: datetime
    forwarded_at: datetime | None = None
    completed_at: datetime | None = None
    ended_at: datetime | None = None
    last_error: str | None = None
    last_failed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxStats:
    """How many rows there are of the states in which operators are needed, and how old the oldest are.

    Those that are done are not counted: that takes the longer the more there are.
    last_error, last_failed_at: the newest of the rows that are open.
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
    """Some rows, and the cursor of what follows: None at the end."""

    rows: Sequence[OutboxRow]
    next: str | None


class OutboxInspector(Protocol):
    """Every method raises Unavailable if the store cannot be reached, `act` also for the task queue."""

    async def stats(self) -> OutboxStats: ...

    async def rows(
        self,
        state: OutboxState | None,
        *,
        newest_first: bool = True,
        size: int = 30,
        cursor: str | None = None,
    ) -> OutboxPage:
        """One page of the rows in a state; without a state, of all rows.

        Open rows are newer than ended ones. The newest open row was stored last; the newest ended row ended
        last.

        Raises:
            ValueError: the size is not within 1 to 500, or the cursor belongs to another list.
        """
        ...

    async def row(self, task_id: str) -> OutboxRow:
        """Raise OutboxRowNotFound."""
        ...

    async def act(self, action: OutboxAction, task_ids: Sequence[str]) -> ActionResult:
        """Do something to some rows; refused are those that are not there, and to discard what is active.

        What was given up and has not quite ended, or has an equal in the task queue, is not redriven.

        Raises:
            ValueError: they are more than 500.
        """
        ...

    def act_on_all(self, action: OutboxAction, state: OutboxState) -> AsyncIterator[ActionResult]:
        """Do something to all rows that are in a state now, in bounded batches, the oldest first.

        Raises:
            Conflict: the action is none for this state.
        """
        ...
