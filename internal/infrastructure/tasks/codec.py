"""Encodes and decodes tasks: their payloads as JSON, plain or encrypted."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

from internal.infrastructure.tasks import storable
from internal.infrastructure.tasks.certain_arrival import certainty, compares_all
from internal.infrastructure.tasks.encoded_task import EncodedTask, InvalidPayload
from internal.infrastructure.tasks.encrypted_payload import PayloadCipher, opened
from internal.infrastructure.tasks.encrypted_task import encrypted
from internal.infrastructure.tasks.storable import NotStorable
from internal.ports.tasks import Task, TaskOptions


class UnknownTask(LookupError):
    """No task has this name in this version of the program; a newer version may have one."""


class TaskCodec:
    """Encodes the tasks of these classes. With a cipher that encrypts, it encrypts what it encodes."""

    def __init__(self, task_types: Iterable[type[Task]], cipher: PayloadCipher | None = None) -> None:
        self._cipher = cipher
        self._encryptor = cipher if cipher and cipher.encrypts else None
        self._types = {task_type.task_name: task_type for task_type in task_types}
        self._readers = {name: msgspec.json.Decoder(task_type) for name, task_type in self._types.items()}
        self._is_certain = {name: certainty(task_type) for name, task_type in self._types.items()}
        self._compares_all = {name: compares_all(task_type) for name, task_type in self._types.items()}

    @property
    def names(self) -> list[str]:
        """The names of all known tasks, sorted."""
        return sorted(self._types)

    def task_type(self, name: str) -> type[Task]:
        """Raises UnknownTask."""
        try:
            return self._types[name]
        except KeyError as error:
            raise UnknownTask(name) from error

    def encode(self, task: Task, *, task_id: str, options: TaskOptions) -> EncodedTask:
        """Encode a task.

        Raises:
            UnknownTask: the task has no route, so no worker could decode it.
            NotStorable: its payload would not arrive unchanged. The text names the field, not its value.
        """
        if self._types.get(task.task_name) is not type(task):
            raise UnknownTask(task.task_name)
        try:
            payload = msgspec.to_builtins(task, str_keys=True)
            data = storable.encode(payload)
            if not self._is_certain[task.task_name](task):
                self._require_arrival(task, data)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            ours = isinstance(error, NotStorable | msgspec.ValidationError)  # their texts contain no value
            reason = error if ours else type(error).__name__
            raise NotStorable(f"the payload of {task.task_name} cannot be stored: {reason}") from error
        encoded = EncodedTask(id=task_id, name=task.task_name, payload=payload, options=options)
        if self._encryptor is None:
            return encoded
        return encrypted(encoded, data, cipher=self._encryptor)

    def _require_arrival(self, task: Task, payload: bytes) -> None:
        """Decode the payload as a worker does, and compare."""
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

    def decrypt(self, name: str, payload: dict[str, Any], *, task_id: str) -> dict[str, Any]:
        """Return the plain payload of an encrypted one. Raises as PayloadCipher.decrypt."""
        data = opened(payload, cipher=self._cipher, name=name, task_id=task_id)
        plain: dict[str, Any] = storable.decode(data)
        return plain

    def decode(self, name: str, payload: dict[str, Any]) -> Task:
        """Decode a task from a plain payload.

        Raises:
            UnknownTask: no task has this name.
            InvalidPayload: a field does not fit. The text names the field, not its value.
        """
        task_type = self.task_type(name)
        try:
            return msgspec.convert(payload, task_type, str_keys=True)
        except msgspec.ValidationError as error:
            raise InvalidPayload(f"{name}: {error}") from error


def _is_same(sent: Any, arrived: Any) -> bool:
    """Compare all fields of dataclasses, including fields that `==` excludes."""
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
