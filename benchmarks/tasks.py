"""The tasks that are measured, as an application publishes them; benchmarks/actors/ runs them."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from internal.ports.tasks import TaskOptions

USER_ID = UUID("6f0b4a0e-7d0c-4f5e-9a7c-1f2a3b4c5d6e")
EMAIL = "ada.lovelace@example.com"
NAME = "Ada Lovelace"
# The payload of the welcome mail, as JSON types.
PAYLOAD = {"user_id": str(USER_ID), "email": EMAIL, "name": NAME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Noop:
    """Runs in a plain Dramatiq actor, and does nothing."""

    task_name: ClassVar[str] = "noop"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    user_id: UUID = USER_ID
    email: str = EMAIL
    name: str = NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationNoop:
    """The same as a task of the application, with a checked payload and a resolved handler."""

    task_name: ClassVar[str] = "benchmark:noop"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    user_id: UUID = USER_ID
    email: str = EMAIL
    name: str = NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Writes a note when it starts."""

    task_name: ClassVar[str] = "mark"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleep:
    """Writes a note after this time in seconds."""

    task_name: ClassVar[str] = "sleep"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    label: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StayOnce:
    """Writes a note when it starts, and takes this time in seconds at its first start."""

    task_name: ClassVar[str] = "stay_once"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    label: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FailOnce:
    """Writes a note when it starts, and fails at its first attempt; the next is ten seconds later."""

    task_name: ClassVar[str] = "fail_once"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """Fails for one of several causes; the next attempt is a day later."""

    task_name: ClassVar[str] = "fail_for_cause"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    cause: int


ALL = (Noop, ApplicationNoop, Mark, Sleep, StayOnce, FailOnce, Fail)
