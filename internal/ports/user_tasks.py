"""The stored tasks that are about a user."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from internal.ports.tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTask:
    """The part of a task that its user may see. `ended_at` is None until the task has ended."""

    id: str
    name: str
    queue: str
    stored_at: datetime
    ended_at: datetime | None


def subject_of(*tasks: Task) -> UUID | str | None:
    """Return whom the first of these tasks is about: the id of a user, or else an email address.

    By convention, a payload names its user in a field `user_id`, or its address in a field `email`.
    """
    for task in tasks:
        for field, kind in (("user_id", UUID), ("email", str)):
            if isinstance(subject := getattr(task, field, None), kind):
                return subject
    return None


class UserTasks(Protocol):
    """Finds tasks by their user. One that names only an address belongs to the user whose address it was."""

    async def of(self, user_id: UUID) -> Sequence[UserTask]:
        """Return the user's tasks, the oldest first."""
        ...

    async def erase(self, user_id: UUID) -> None:
        """Remove what the user's tasks say, and end them: none starts any more, and none sends an email."""
        ...
