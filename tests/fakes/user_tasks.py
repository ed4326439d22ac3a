from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from internal.ports.clock import Clock
from internal.ports.user_tasks import UserTask, subject_of
from tests.fakes.tasks import PublishedTask
from tests.fakes.user_repository import FakeUserRepository


class FakeUserTasks:
    """Knows the tasks that it was told to note. No task ends but those that are erased."""

    def __init__(self, *, users: FakeUserRepository, clock: Clock) -> None:
        self._users = users
        self._clock = clock
        self.noted: dict[str, tuple[UUID, UserTask]] = {}

    def note(self, published: PublishedTask) -> None:
        subject = subject_of(published.task)
        if isinstance(subject, str):
            owners = (user.id for user in self._users.by_id.values() if user.email.value == subject)
            subject = next(owners, None)
        if subject is not None:
            task = UserTask(
                id=published.id,
                name=published.task.task_name,
                queue=published.options.queue,
                stored_at=self._clock.now(),
                ended_at=None,
            )
            self.noted[task.id] = (subject, task)

    @property
    def erased(self) -> set[str]:
        return {task_id for task_id, (_, task) in self.noted.items() if task.ended_at}

    async def of(self, user_id: UUID) -> Sequence[UserTask]:
        return [task for subject, task in self.noted.values() if subject == user_id]

    async def erase(self, user_id: UUID) -> None:
        for task in await self.of(user_id):
            self.noted[task.id] = (user_id, replace(task, ended_at=task.ended_at or self._clock.now()))
