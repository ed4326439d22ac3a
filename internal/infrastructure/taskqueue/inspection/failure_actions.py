from collections.abc import Sequence
from dataclasses import dataclass

from internal.domain.errors import Conflict
from internal.infrastructure.taskqueue.inspection import cursors
from internal.infrastructure.taskqueue.inspection.cursors import Position
from internal.infrastructure.taskqueue.inspection.failure_scanner import (
    AT_ONCE,
    FAILED_IN,
    FailureScanner,
)
from internal.infrastructure.taskqueue.inspection.operator_actions import OperatorActions
from internal.ports.task_inspector import APPLIES_TO, ActionResult, ActionStep, TaskAction
from internal.ports.tasks import TaskState

NOTHING = ActionResult(done=[], refused={})


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where the next step begins.

    since: when the action began, in ms on Redis' clock. Tasks that failed later are not part of it.
    after: the last task that was looked at in this queue and state.
    """

    since: int
    queue: str
    state: TaskState
    after: Position | None

    def to_cursor(self) -> str:
        return cursors.encode([str(self.since), self.queue, self.state, *(self.after or ())])

    @classmethod
    def from_cursor(cls, cursor: str) -> "_Stop":
        """Raise ValueError."""
        try:
            since, queue, state, *after = cursors.decode(cursor)
            place = cursors.from_cursor(cursors.encode(after)) if after else None
            return cls(int(since), queue, TaskState(state), place)
        except ValueError:
            raise cursors.invalid(cursor) from None


class FailureActions:
    """Acts on all tasks of a group, in steps: the oldest of each queue and state first."""

    def __init__(self, scanner: FailureScanner, actions: OperatorActions) -> None:
        self._scanner = scanner
        self._actions = actions

    async def step(self, action: TaskAction, fingerprint: str, *, cursor: str | None) -> ActionStep:
        states = [state for state in FAILED_IN if state in APPLIES_TO[action]]
        if not states:
            raise Conflict(f"{action} does not apply to failed tasks")
        stop = None if cursor is None else _Stop.from_cursor(cursor)
        places = await self._places(states, stop)
        if not places:
            return ActionStep(result=NOTHING, looked_at=0, next=None)
        (queue, state), *others = places
        after = stop.after if stop and (stop.queue, stop.state) == (queue, state) else None
        scanned = await self._scanner.read(queue, state, newest_first=False, after=after, count=AT_ONCE)
        since = stop.since if stop else scanned.now
        ids = [task.id for task in scanned.tasks if task.mark.fingerprint == fingerprint and task.at <= since]
        following = _Stop(since, queue, state, scanned.last) if scanned.has_more else None
        if following is None and others:
            following = _Stop(since, *others[0], None)
        return ActionStep(
            result=await self._actions.act(action, queue, ids) if ids else NOTHING,
            looked_at=scanned.looked_at,
            next=following.to_cursor() if following else None,
        )

    async def _places(
        self, states: Sequence[TaskState], stop: _Stop | None
    ) -> Sequence[tuple[str, TaskState]]:
        """The queues and states that are left, in order. New queues have no old failures."""
        found = [place for place in await self._scanner.sizes() if place[1] in states]
        return [place for place in found if stop is None or place >= (stop.queue, stop.state)]
