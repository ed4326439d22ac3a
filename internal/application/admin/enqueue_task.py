from dataclasses import dataclass, field

from internal.application.audit import Audit
from internal.domain.security_event import EventName
from internal.ports.tasks import Task, TaskOverrides, TaskPublisher, TaskReceipt
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueTaskCommand:
    """audit: of the person who publishes the task. is_direct: enqueue to Redis without the outbox."""

    audit: Audit
    task: Task
    overrides: TaskOverrides = field(default_factory=TaskOverrides)
    is_direct: bool = False


class EnqueueTask:
    """Publish a task by hand: through the outbox, as a use case does, unless it is direct."""

    def __init__(self, *, uow: UnitOfWork, publisher: TaskPublisher) -> None:
        self._uow = uow
        self._publisher = publisher

    async def __call__(self, command: EnqueueTaskCommand) -> TaskReceipt:
        """Raises as TaskPublisher.publish, and Unavailable if the action cannot be recorded."""
        name = command.task.task_name
        async with command.audit.action(EventName.TASKS_ENQUEUE, name=name) as outcome:
            receipt = await self._published(command)
            outcome.note(queue=receipt.queue)
            outcome.note_ids([receipt.id])
        return receipt

    async def _published(self, command: EnqueueTaskCommand) -> TaskReceipt:
        if command.is_direct:
            return await self._publisher.publish(command.task, **command.overrides)
        async with self._uow as uow:
            receipt = await uow.tasks.publish(command.task, **command.overrides)
            await uow.commit()
        return receipt
