from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime

from internal.domain.errors import Conflict
from internal.ports.clock import Clock
from internal.ports.outbox_inspector import (
    APPLIES_TO,
    OutboxAction,
    OutboxPage,
    OutboxRow,
    OutboxRowNotFound,
    OutboxState,
    OutboxStats,
)
from internal.ports.task_inspector import ActionResult

MOST_AT_ONCE = 500


class FakeOutboxInspector:
    """Rows in memory. The test says which there are, and the tasks of which are `active`.

    batch: how many rows `act_on_all` acts on at once.
    """

    def __init__(self, clock: Clock, *, batch: int = 100) -> None:
        self._clock = clock
        self._batch = batch
        self._rows: dict[str, OutboxRow] = {}
        self.active: set[str] = set()

    def add(self, *rows: OutboxRow) -> None:
        self._rows |= {row.id: row for row in rows}

    async def stats(self) -> OutboxStats:
        waiting, forwarded, given_up = (
            self._in(state) for state in (OutboxState.WAITING, OutboxState.FORWARDED, OutboxState.GIVEN_UP)
        )
        failed = [row for row in [*waiting, *forwarded] if row.last_failed_at]
        last = max(failed, key=lambda row: row.last_failed_at or row.stored_at, default=None)
        ages = [[self._clock.now() - row.stored_at for row in rows] for rows in (waiting, forwarded)]
        return OutboxStats(
            waiting=len(waiting),
            forwarded=len(forwarded),
            given_up=len(given_up),
            oldest_waiting=max(ages[0], default=None),
            oldest_open=max([*ages[0], *ages[1]], default=None),
            last_error=last.last_error if last else None,
            last_failed_at=last.last_failed_at if last else None,
        )

    async def rows(
        self,
        state: OutboxState | None,
        *,
        newest_first: bool = True,
        size: int = 30,
        cursor: str | None = None,
    ) -> OutboxPage:
        if not 1 <= size <= MOST_AT_ONCE:
            raise ValueError("size")
        if cursor is not None and not cursor.isdecimal():
            raise ValueError(f"{cursor!r} is not a cursor of a page")
        ordered = sorted(self._in(state), key=_newness, reverse=newest_first)
        end = int(cursor or 0) + size
        return OutboxPage(rows=ordered[end - size : end], next=str(end) if end < len(ordered) else None)

    async def row(self, task_id: str) -> OutboxRow:
        if task_id not in self._rows:
            raise OutboxRowNotFound(f"the outbox has no row {task_id}")
        return self._rows[task_id]

    async def act(self, action: OutboxAction, task_ids: Sequence[str]) -> ActionResult:
        if len(task_ids) > MOST_AT_ONCE:
            raise ValueError("ids")
        ids = dict.fromkeys(task_ids)
        refused = {task_id: why for task_id in ids if (why := self._refusal(action, task_id))}
        done = [task_id for task_id in ids if task_id not in refused]
        for task_id in done:
            self._rows[task_id] = self._after(action, self._rows[task_id])
        return ActionResult(done=done, refused=refused)

    async def act_on_all(self, action: OutboxAction, state: OutboxState) -> AsyncIterator[ActionResult]:
        if state not in APPLIES_TO[action]:
            raise Conflict(f"{action} does not apply to rows that are {state}")
        ids = [row.id for row in sorted(self._in(state), key=_place)]
        for first in range(0, len(ids), self._batch):
            yield await self.act(action, ids[first : first + self._batch])

    def _in(self, state: OutboxState | None) -> list[OutboxRow]:
        return [row for row in self._rows.values() if state is None or row.state is state]

    def _refusal(self, action: OutboxAction, task_id: str) -> str | None:
        if task_id not in self._rows:
            return "there is no such row"
        if (state := self._rows[task_id].state) not in APPLIES_TO[action]:
            return f"it is {state}"
        is_in_the_way = action is OutboxAction.DISCARD or state is OutboxState.GIVEN_UP
        return "its task is active" if is_in_the_way and task_id in self.active else None

    def _after(self, action: OutboxAction, row: OutboxRow) -> OutboxRow:
        now = self._clock.now()
        if action is OutboxAction.DISCARD:
            return replace(row, state=OutboxState.GIVEN_UP, ended_at=now)
        return replace(row, state=OutboxState.FORWARDED, forwarded_at=now, ended_at=None)


def _newness(row: OutboxRow) -> tuple[bool, datetime, str]:
    return row.state.is_open, *_place(row)


def _place(row: OutboxRow) -> tuple[datetime, str]:
    return row.ended_at or row.stored_at, row.id
