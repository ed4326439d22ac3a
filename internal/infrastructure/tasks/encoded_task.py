from dataclasses import dataclass
from typing import Any

from internal.ports.tasks import TaskOptions


class InvalidPayload(ValueError):
    """The payload does not fit the task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedTask:
    """A task between publisher and worker. `payload` has only JSON types; `options` are final.

    is_stored: the task has a row in the completion log, which must be closed.
    was_sent: the task may have been sent before, and may be done by now.
    followers: the tasks that follow its end.
    """

    id: str
    name: str
    payload: dict[str, Any]
    options: TaskOptions
    is_stored: bool = False
    was_sent: bool = False
    followers: "Followers | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followers:
    """The tasks that follow when a task is done or archived; in a group, when all `size` tasks are done."""

    on_success: tuple[EncodedTask, ...] = ()
    on_failure: tuple[EncodedTask, ...] = ()
    group: str | None = None
    size: int = 1


def and_all_that_follow(task: EncodedTask) -> list[EncodedTask]:
    """Return the task and everything that may follow it; each task precedes its followers."""
    found = [task]
    for each in found:  # the list grows in the loop: a recursion could exceed the stack
        if each.followers:
            found += (*each.followers.on_success, *each.followers.on_failure)
    return found
