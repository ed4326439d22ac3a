from collections.abc import AsyncIterator, Mapping, Sequence

from internal.application.audit import Audit
from internal.domain.security_event import EventName
from internal.ports.outbox_inspector import OutboxAction, OutboxInspector, OutboxState
from internal.ports.task_inspector import ActionResult


class AuditedOutboxInspector:
    """An OutboxInspector whose actions are recorded. Reading is not."""

    def __init__(self, inspector: OutboxInspector, *, audit: Audit) -> None:
        self._inspector = inspector
        self._audit = audit
        self.stats = inspector.stats
        self.rows = inspector.rows
        self.row = inspector.row

    async def act(self, action: OutboxAction, task_ids: Sequence[str]) -> ActionResult:
        async with self._audit.action_on(task_ids, _EVENTS[action]) as outcome:
            result = await self._inspector.act(action, task_ids)
            outcome.add(result)
        return result

    async def act_on_all(self, action: OutboxAction, state: OutboxState) -> AsyncIterator[ActionResult]:
        async with self._audit.action(_EVENTS[action], state=state, done="0", refused="0") as outcome:
            async for result in self._inspector.act_on_all(action, state):
                outcome.add(result)
                yield result


_EVENTS: Mapping[OutboxAction, EventName] = {
    OutboxAction.REDRIVE: EventName.TASKS_REDRIVE,
    OutboxAction.DISCARD: EventName.TASKS_DISCARD,
}
