from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from internal.application.audit import Audit
from internal.domain.security_event import EventName
from internal.ports.task_inspector import ActionResult, ActionStep, TaskAction, TaskFilter, TaskInspector
from internal.ports.tasks import TaskState

# The text of a filter may be somebody's address.
_NOT_RECORDED = "(not recorded)"


class AuditedTaskInspector:
    """A TaskInspector whose actions are recorded. Reading is not."""

    def __init__(self, inspector: TaskInspector, *, audit: Audit) -> None:
        self._inspector = inspector
        self._audit = audit
        self.queues = inspector.queues
        self.queue = inspector.queue
        self.history = inspector.history
        self.statistics = inspector.statistics
        self.due = inspector.due
        self.tasks = inspector.tasks
        self.task = inspector.task
        self.failures = inspector.failures
        self.failure = inspector.failure
        self.failed_tasks = inspector.failed_tasks
        self.workers = inspector.workers
        self.schedules = inspector.schedules
        self.schedule_history = inspector.schedule_history

    async def pause(self, name: str) -> bool:
        return await self._switch(self._inspector.pause, name, EventName.TASKS_PAUSE_QUEUE, "queue")

    async def resume(self, name: str) -> bool:
        return await self._switch(self._inspector.resume, name, EventName.TASKS_RESUME_QUEUE, "queue")

    async def quiet_worker(self, worker_id: str) -> bool:
        quiet = self._inspector.quiet_worker
        return await self._switch(quiet, worker_id, EventName.TASKS_QUIET_WORKER, "worker")

    async def resume_worker(self, worker_id: str) -> bool:
        resume = self._inspector.resume_worker
        return await self._switch(resume, worker_id, EventName.TASKS_RESUME_WORKER, "worker")

    async def pause_schedule(self, name: str) -> bool:
        pause = self._inspector.pause_schedule
        return await self._switch(pause, name, EventName.TASKS_PAUSE_SCHEDULE, "schedule")

    async def resume_schedule(self, name: str) -> bool:
        resume = self._inspector.resume_schedule
        return await self._switch(resume, name, EventName.TASKS_RESUME_SCHEDULE, "schedule")

    async def run_schedule(self, name: str) -> str:
        async with self._audit.action(EventName.TASKS_RUN_SCHEDULE, schedule=name) as outcome:
            task_id = await self._inspector.run_schedule(name)
            outcome.note_ids([task_id])
        return task_id

    async def remove_queue(self, name: str, *, force: bool = False) -> None:
        force_given = {"force": "yes"} if force else {}
        async with self._audit.action(EventName.TASKS_REMOVE_QUEUE, queue=name, **force_given):
            await self._inspector.remove_queue(name, force=force)

    async def act(self, action: TaskAction, queue: str, task_ids: Sequence[str]) -> ActionResult:
        async with self._audit.action_on(task_ids, _EVENTS[action], queue=queue) as outcome:
            result = await self._inspector.act(action, queue, task_ids)
            outcome.add(result)
        return result

    async def act_on_all(
        self, action: TaskAction, queue: str, state: TaskState, *, only: TaskFilter | None = None
    ) -> AsyncIterator[ActionResult]:
        facts = {"queue": queue, "state": state, **_facts_of(only), "done": "0", "refused": "0"}
        async with self._audit.action(_EVENTS[action], **facts) as outcome:
            async for result in self._inspector.act_on_all(action, queue, state, only=only):
                outcome.add(result)
                yield result

    async def act_on_next(
        self,
        action: TaskAction,
        queue: str,
        state: TaskState,
        *,
        cursor: str | None = None,
        only: TaskFilter | None = None,
    ) -> ActionStep:
        facts = {"queue": queue, "state": state, **_facts_of(only)}
        async with self._audit.action(_EVENTS[action], **facts) as outcome:
            step = await self._inspector.act_on_next(action, queue, state, cursor=cursor, only=only)
            outcome.add(step.result)
        return step

    async def act_on_failures(
        self, action: TaskAction, fingerprint: str, *, cursor: str | None = None
    ) -> ActionStep:
        async with self._audit.action(_EVENTS[action], failures=fingerprint) as outcome:
            step = await self._inspector.act_on_failures(action, fingerprint, cursor=cursor)
            outcome.add(step.result)
        return step

    async def _switch(
        self, switch: Callable[[str], Awaitable[bool]], name: str, event: EventName, kind: str
    ) -> bool:
        """Change the queue, worker or schedule of this name, unless it has changed already."""
        async with self._audit.action(event, **{kind: name}) as outcome:
            changed = await switch(name)
            outcome.note(changed="yes" if changed else "no")
        return changed


_EVENTS: Mapping[TaskAction, EventName] = {
    TaskAction.RUN: EventName.TASKS_RUN,
    TaskAction.ARCHIVE: EventName.TASKS_ARCHIVE,
    TaskAction.DELETE: EventName.TASKS_DELETE,
    TaskAction.CANCEL: EventName.TASKS_CANCEL,
}


def _facts_of(only: TaskFilter | None) -> Mapping[str, str]:
    if only is None:
        return {}
    given = {
        "name": only.name,
        "payload": only.payload and _NOT_RECORDED,
        "error": only.error and _NOT_RECORDED,
        "since": only.since and only.since.isoformat(),
        "until": only.until and only.until.isoformat(),
    }
    return {name: text for name, text in given.items() if text}
