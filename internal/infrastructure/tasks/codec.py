"""Task <-> encoded task: the one place that knows how a payload looks outside the process."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC
from typing import Any, Protocol

import msgspec

from internal.infrastructure.tasks import storable
from internal.infrastructure.tasks.certain_arrival import certainty, compares_all
from internal.infrastructure.tasks.storable import NotStorable
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


def and_all_that_follow(task: EncodedTask) -> list[EncodedTask]:
    """The task, and whatever may follow it; each before those that follow it."""
    found = [task]
    for each in found:  # it grows in the loop: a chain may be longer than Python's stack is deep
        if each.followers:
            found += (*each.followers.on_success, *each.followers.on_failure)
    return found


class TaskRefused(ValueError):
    """The transport will never take this task. The text says why, and has nothing of its values."""


class TaskTransport(Protocol):
    """Carries encoded tasks to the workers; what the outbox forwards to."""

    def check(self, tasks: Sequence[EncodedTask]) -> None:
        """Raise ValueError if one of them cannot be sent, or could not be read on arrival."""
        ...

    async def send(self, tasks: Sequence[EncodedTask]) -> set[str]:
        """Hand over all tasks, in order, and return the ids of the duplicates, which will not run.

        A task that was handed over before, and has not ended, is none.

        Raises:
            TaskRefused: one of them can never be handed over; some of the others may have been.
            Unavailable: the transport cannot be reached; some of the tasks may have been handed over.
        """
        ...

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        """The ids of those, given as (queue, id), that it still has, done or not.

        Raises:
            TaskRefused: one of them can never be looked up.
            Unavailable: the transport cannot be reached.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a task ended: done, or given up."""

    task_id: str
    succeeded: bool


class TaskLedger(Protocol):
    """The book in which tasks stand that were stored together with the data they belong to."""

    async def closed(self, task_ids: Sequence[str]) -> Mapping[str, bool]:
        """Those of them that have ended and must not run again: False was given up. Raises Unavailable."""
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
        self._readers = {name: msgspec.json.Decoder(task_type) for name, task_type in self._types.items()}
        self._is_certain = {name: certainty(task_type) for name, task_type in self._types.items()}
        self._compares_all = {name: compares_all(task_type) for name, task_type in self._types.items()}

    @property
    def names(self) -> list[str]:
        """Of the tasks that it knows."""
        return sorted(self._types)

    def encode(self, task: Task, *, task_id: str, options: TaskOptions) -> EncodedTask:
        """Prepare a task for the way.

        Raises:
            UnknownTask: no worker could decode it, because it has no route.
            NotStorable: its payload would not arrive unchanged. Says which field, but not its value.
        """
        if self._types.get(task.task_name) is not type(task):
            raise UnknownTask(task.task_name)
        try:
            payload = msgspec.to_builtins(task, str_keys=True)
            data = storable.encode(payload)
            if not self._is_certain[task.task_name](task):
                self._require_arrival(task, data)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            ours = isinstance(error, NotStorable | msgspec.ValidationError)  # which name no value
            reason = error if ours else type(error).__name__
            raise NotStorable(f"the payload of {task.task_name} cannot be stored: {reason}") from error
        return EncodedTask(id=task_id, name=task.task_name, payload=payload, options=options)

    def _require_arrival(self, task: Task, payload: bytes) -> None:
        """Read it as a worker will, though in one step, and compare."""
        self._require_same(task, self._readers[task.task_name].decode(payload))
        if storable.may_differ_in_postgres(payload):
            from_postgres = storable.in_postgres(storable.decode(payload))
            self._require_same(task, self.decode(task.task_name, from_postgres))

    def _require_same(self, task: Task, arrived: Task) -> None:
        if self._compares_all[task.task_name] and storable.is_same(task, arrived):
            return
        for name in (field.name for field in fields(task)):  # type: ignore[arg-type]  # a Task is a dataclass
            if not _is_same(getattr(task, name), getattr(arrived, name)):
                raise NotStorable(f"{name} would arrive changed")

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
            return msgspec.convert(payload, task_type, str_keys=True)
        except msgspec.ValidationError as error:
            raise InvalidPayload(f"{name}: {error}") from error


def _is_same(sent: Any, arrived: Any) -> bool:
    """Compares all fields of dataclasses, including those that their own `==` excludes."""
    if type(sent) is not type(arrived):
        return storable.is_same(sent, arrived)
    if isinstance(sent, list | tuple):
        return len(sent) == len(arrived) and all(map(_is_same, sent, arrived))
    if isinstance(sent, dict):
        return sent.keys() == arrived.keys() and all(_is_same(sent[key], arrived[key]) for key in sent)
    if is_dataclass(sent):
        names = [field.name for field in fields(sent)]
        return all(_is_same(getattr(sent, name), getattr(arrived, name)) for name in names)
    return storable.is_same(sent, arrived)


def options_to_json(options: TaskOptions) -> dict[str, Any]:
    # In UTC: other offsets are written in whole minutes, whatever they are.
    moments = {
        name: moment.astimezone(UTC)
        for name, moment in (("deadline", options.deadline), ("process_at", options.process_at))
        if moment is not None
    }
    in_utc = replace(options, **moments) if moments else options  # type: ignore[arg-type]  # as named there
    encoded: dict[str, Any] = msgspec.to_builtins(in_utc, str_keys=True, enc_hook=_plain)
    return encoded


def options_from_json(encoded: dict[str, Any]) -> TaskOptions:
    """Raise InvalidPayload if these are no options."""
    try:
        return msgspec.convert(encoded, TaskOptions)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidPayload(f"options: {error}") from error


def followers_to_json(followers: Followers | None) -> dict[str, Any] | None:
    encoded: dict[str, Any] | None = msgspec.to_builtins(followers, str_keys=True, enc_hook=_plain)
    return encoded


def followers_from_json(encoded: dict[str, Any] | None) -> Followers | None:
    """Raise InvalidPayload if these are no followers."""
    try:
        return msgspec.convert(encoded, Followers | None)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidPayload(f"followers: {error}") from error


def _plain(value: object) -> object:
    """Headers may be any mapping."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
