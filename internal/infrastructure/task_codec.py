"""Task <-> encoded task: the one place that knows how a payload looks outside the process."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from internal.ports.tasks import Task, TaskOptions


class UnknownTask(LookupError):
    """No task of this name is known; a newer version of the program may know it."""


class InvalidPayload(ValueError):
    """The payload does not fit the task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedTask:
    """A task in transit. `payload` holds JSON types only; `options` are final.

    is_stored: it stands in the ledger as well, and is to be closed there.
    was_sent: it may have been handed over before, and may be done by now.
    followers: what follows when it has ended.
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
    """What is published when a task is done, or given up; in a group, when all `size` of them are done."""

    on_success: tuple[EncodedTask, ...] = ()
    on_failure: tuple[EncodedTask, ...] = ()
    group: str | None = None
    size: int = 1


class TaskTransport(Protocol):
    """Carries encoded tasks to the workers; what the outbox forwards to."""

    def check(self, options: TaskOptions) -> None:
        """Raise ValueError if the transport cannot honour these options."""
        ...

    async def send(self, tasks: Sequence[EncodedTask]) -> set[str]:
        """Hand over all tasks, in order, and return the ids of the duplicates, which will not run.

        A task that was handed over before, and has not ended, is none.

        Raises:
            Unavailable: the transport cannot be reached; some of the tasks may have been handed over.
        """
        ...

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        """The ids of those, given as (queue, id), that it still has, done or not. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a task ended: done, or given up."""

    task_id: str
    succeeded: bool


class TaskLedger(Protocol):
    """The book in which tasks stand that were stored together with the data they belong to."""

    async def closed(self, task_ids: Sequence[str]) -> set[str]:
        """Those of them that have ended and must not run again. Raises Unavailable."""
        ...

    async def close(self, endings: Sequence[Ending]) -> None:
        """Write down how these ended. Raises Unavailable."""
        ...

    async def reopen(self, task_ids: Sequence[str]) -> set[str]:
        """Have these run again after their end; returns those that stand here. Raises Unavailable."""
        ...


class TaskCodec:
    def __init__(self, task_types: Iterable[type[Task]]) -> None:
        self._types = {task_type.task_name: task_type for task_type in task_types}

    @property
    def names(self) -> list[str]:
        """Of the tasks that it knows."""
        return sorted(self._types)

    def encode(self, task: Task, *, task_id: str, options: TaskOptions) -> EncodedTask:
        """Raise UnknownTask if no worker could decode the task, because it has no route."""
        if self._types.get(task.task_name) is not type(task):
            raise UnknownTask(task.task_name)
        payload = msgspec.to_builtins(task, str_keys=True)
        return EncodedTask(id=task_id, name=task.task_name, payload=payload, options=options)

    def decode(self, name: str, payload: dict[str, Any]) -> Task:
        """Rebuild a task.

        Raises:
            UnknownTask: no task has this name.
            InvalidPayload: says which field does not fit, but not its value.
        """
        task_type = self._types.get(name)
        if task_type is None:
            raise UnknownTask(name)
        try:
            return msgspec.convert(payload, task_type)
        except msgspec.ValidationError as error:
            raise InvalidPayload(f"{name}: {error}") from error


def options_to_json(options: TaskOptions) -> dict[str, Any]:
    encoded: dict[str, Any] = msgspec.to_builtins(options, str_keys=True)
    return encoded


def options_from_json(encoded: dict[str, Any]) -> TaskOptions:
    """Raise InvalidPayload if these are no options."""
    try:
        return msgspec.convert(encoded, TaskOptions)
    except msgspec.ValidationError as error:
        raise InvalidPayload(f"options: {error}") from error


def followers_to_json(followers: Followers | None) -> dict[str, Any] | None:
    encoded: dict[str, Any] | None = msgspec.to_builtins(followers, str_keys=True)
    return encoded


def followers_from_json(encoded: dict[str, Any] | None) -> Followers | None:
    """Raise InvalidPayload if these are no followers."""
    try:
        return msgspec.convert(encoded, Followers | None)
    except msgspec.ValidationError as error:
        raise InvalidPayload(f"followers: {error}") from error
