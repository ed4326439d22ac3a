import time
from collections.abc import Sequence
from dataclasses import dataclass

from internal.domain.errors import Conflict
from internal.infrastructure.taskqueue.inspection import cursors
from internal.infrastructure.taskqueue.inspection.bulk_actions import MOST_PER_STEP, STEP_TIME
from internal.infrastructure.taskqueue.inspection.cursors import Position
from internal.infrastructure.taskqueue.inspection.failure_scanner import (
    FAILED_IN,
    FailureScanner,
    ScannedFailures,
)
from internal.infrastructure.taskqueue.inspection.operator_actions import BATCH_SIZE, OperatorActions
from internal.infrastructure.taskqueue.protocol.any_bytes import readable
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
        done: list[str] = []
        refused: dict[str, str] = {}
        looked_at = 0
        places = await self._places(states, stop)
        began = time.monotonic()
        while places:
            after = stop.after if stop and (stop.queue, stop.state) == places[0] else None
            scanned = await self._scanner.read(*places[0], newest_first=False, after=after, count=BATCH_SIZE)
            since = stop.since if stop else scanned.now
            result = await self._act(action, fingerprint, scanned, since=since)
            done += result.done
            refused |= result.refused
            looked_at += scanned.looked_at
            places = places if scanned.has_more else places[1:]
            stop = _Stop(since, *places[0], scanned.last if scanned.has_more else None) if places else None
            if looked_at >= MOST_PER_STEP or time.monotonic() - began >= STEP_TIME:
                break
        result = ActionResult(done=done, refused=refused)
        return ActionStep(result=result, looked_at=looked_at, next=stop.to_cursor() if stop else None)

    async def _act(
        self, action: TaskAction, fingerprint: str, scanned: ScannedFailures, *, since: int
    ) -> ActionResult:
        """Act on those of the group that had failed when the action began."""
        chosen = [task for task in scanned.tasks if task.mark.fingerprint == fingerprint and task.at <= since]
        if not chosen:
            return NOTHING
        return await self._actions.act(action, chosen[0].queue, [readable(task.id) for task in chosen])

    async def _places(
        self, states: Sequence[TaskState], stop: _Stop | None
    ) -> Sequence[tuple[str, TaskState]]:
        """The queues and states that are left, in order. New queues have no old failures."""
        found = [place for place in await self._scanner.sizes() if place[1] in states]
        return [place for place in found if stop is None or place >= (stop.queue, stop.state)]
