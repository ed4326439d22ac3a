"""Actions on all tasks in a state, at once or in steps."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from internal.domain.errors import Conflict
from internal.infrastructure.taskqueue.inspection.cursors import Position, from_cursor, to_cursor
from internal.infrastructure.taskqueue.inspection.operator_actions import BATCH_SIZE, OperatorActions
from internal.infrastructure.taskqueue.inspection.pagination import matches, start_of
from internal.infrastructure.taskqueue.inspection.task_scanner import TaskScanner
from internal.ports.task_inspector import APPLIES_TO, ActionResult, ActionStep, TaskAction, TaskFilter
from internal.ports.tasks import TaskState

MOST_PER_STEP = 1000
# Seconds after which a step begins no batch.
STEP_TIME = 0.25
# Separates the two positions in the cursor of a step. No position contains it.
_TO_END = "."


@dataclass(frozen=True, slots=True)
class _Range:
    """Tasks in order: those after `after`, until `end`. Nothing is left if `end` is None."""

    after: Position | None
    end: Position | None

    def includes(self, position: Position) -> bool:
        if self.end is None:
            return False
        return (float(position[0]), position[1]) <= (float(self.end[0]), self.end[1])

    @property
    def cursor(self) -> str | None:
        if self.after is None or self.end is None:
            return None
        return f"{to_cursor(self.after)}{_TO_END}{to_cursor(self.end)}"

    @classmethod
    def of(cls, cursor: str) -> "_Range":
        """Raise ValueError for a text that `cursor` cannot return."""
        after, _, end = cursor.partition(_TO_END)
        return cls(from_cursor(after), from_cursor(end))


_NOTHING = _Range(None, None)


@dataclass(frozen=True, slots=True)
class BulkAction:
    """One action on the tasks in a state that match. The cost of a batch does not depend on their number."""

    scanner: TaskScanner
    actions: OperatorActions
    action: TaskAction
    queue: str
    state: TaskState
    only: TaskFilter | None

    async def in_batches(self) -> AsyncIterator[ActionResult]:
        """Raise QueueNotFound, Conflict, Unavailable."""
        left = await self._all()
        self._require_applicable()
        while left.end is not None:
            result, _, left = await self._batch(left)
            if result.done or result.refused:
                yield result

    async def step(self, cursor: str | None) -> ActionStep:
        """Raise QueueNotFound, Conflict, Unavailable, or ValueError for another cursor."""
        left = await self._all() if cursor is None else _Range.of(cursor)
        self._require_applicable()
        began = time.monotonic()
        done: list[str] = []
        refused: dict[str, str] = {}
        looked_at = 0
        while left.end is not None and looked_at < MOST_PER_STEP and time.monotonic() - began < STEP_TIME:
            result, count, left = await self._batch(left)
            done += result.done
            refused |= result.refused
            looked_at += count
        return ActionStep(
            result=ActionResult(done=done, refused=refused), looked_at=looked_at, next=left.cursor
        )

    async def _all(self) -> _Range:
        newest = await self.scanner.read(self.queue, self.state, newest_first=True, after=None, count=1)
        return _Range(start_of(self.state, self.only), newest.last)

    def _require_applicable(self) -> None:
        if self.state not in APPLIES_TO[self.action]:
            raise Conflict(f"{self.action} does not apply to {self.state} tasks")

    async def _batch(self, left: _Range) -> tuple[ActionResult, int, _Range]:
        """Act on one batch. Return also how many tasks it looked at, and what is left."""
        listed = await self.scanner.read(
            self.queue, self.state, newest_first=False, after=left.after, count=BATCH_SIZE
        )
        within = [task for position, task in listed.tasks if left.includes(position)]
        ids = [task.id for task in within if matches(task, self.only)]
        result = await self.actions.act(self.action, self.queue, ids)
        has_more = listed.has_more and listed.last is not None and len(within) == len(listed.tasks)
        return result, len(within), _Range(listed.last, left.end) if has_more else _NOTHING
