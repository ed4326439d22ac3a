"""Decodes what the scripts return about a task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from dramatiq.errors import DecodeError

from internal.infrastructure.taskqueue.protocol.any_bytes import decoded, lossless, readable
from internal.infrastructure.taskqueue.protocol.attempt_note import decode_note
from internal.infrastructure.taskqueue.protocol.encoder import JSONEncoder
from internal.infrastructure.taskqueue.protocol.failure_mark import FailureMark, decode_mark
from internal.infrastructure.taskqueue.protocol.redis_time import to_moment
from internal.infrastructure.tasks.encrypted_payload import PayloadCipher, shown
from internal.ports.task_snapshots import Attempt, Failure, TaskInfo
from internal.ports.tasks import TaskState, UniqueUntil

ATTEMPT = b"attempt:"
# The fields of a record that `describe` in `describe_tasks.lua` returns.
_RECORD_FIELDS = (
    *(b"deadline", b"crashes", b"cancelled", b"completed", b"result", b"lock_for", b"lock_until"),
    b"failure",
)
# The sorted sets that hold the tasks of a state.
SETS: Mapping[TaskState, Sequence[str]] = {
    TaskState.PENDING: ("pending", "suspects"),
    **{state: (state.value,) for state in TaskState if state not in {TaskState.PENDING, TaskState.STORED}},
}
STATES = {name: state for state, names in SETS.items() for name in names}

_decode = JSONEncoder().decode


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseHolder:
    """The worker of an active task. `started_at` is None until the worker's heartbeat lists the task."""

    worker: str
    started_at: datetime | None
    is_orphaned: bool


@dataclass(frozen=True, slots=True)
class TaskRow:
    """`score` orders the tasks of a state. `record` has optional fields and at least the last attempt.

    id: as `lossless` decodes it.
    """

    id: str
    score: str
    message: bytes
    retained_until: bytes | None = None
    record: Mapping[bytes, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Sequence[Any]) -> "TaskRow":
        """Decode a row that `describe` in `describe_tasks.lua` returns."""
        task_id, score, message, retained_until, *rest = row
        names = (*_RECORD_FIELDS, *rest[len(_RECORD_FIELDS) : len(_RECORD_FIELDS) + 1])
        values = [*rest[: len(_RECORD_FIELDS)], *rest[len(_RECORD_FIELDS) + 1 :]]
        record = (
            {name: value for name, value in zip(names, values, strict=True) if value is not None}
            if rest
            else {}
        )
        return cls(lossless(task_id), score.decode(), message or b"", retained_until, record)

    def info(
        self,
        queue: str,
        state: TaskState,
        *,
        archive_for: timedelta,
        cipher: PayloadCipher | None,
        holder: LeaseHolder | None = None,
    ) -> TaskInfo:
        attempts = self._attempts
        last = attempts[-1] if attempts else None
        return TaskInfo(
            id=readable(self.id),
            queue=readable(queue),
            state=state,
            **_read(self.message, task_id=self.id, cipher=cipher),
            due=to_moment(float(self.score)) if state in {TaskState.SCHEDULED, TaskState.RETRY} else None,
            deadline=self._moment(b"deadline"),
            unique_for=_duration(self._number(b"lock_for")),
            unique_until=self._unique_until,
            crashes=int(self.record.get(b"crashes", 0)),
            last_error=last.error if last else None,
            last_failed_at=last.at if last else None,
            failure=failure_in(self.record.get(b"failure", b"")),
            history=attempts,
            completed_at=self._moment(b"completed"),
            expires_at=self._expires_at(state, archive_for=archive_for),
            result=_result(self.record.get(b"result")),
            worker=holder.worker if holder else None,
            started_at=holder.started_at if holder else None,
            is_orphaned=holder is not None and holder.is_orphaned,
            is_cancelled=holder is not None and b"cancelled" in self.record,
        )

    @property
    def _attempts(self) -> list[Attempt]:
        found = sorted(name for name in self.record if name.startswith(ATTEMPT))
        return [_attempt(int(name.removeprefix(ATTEMPT)), self.record[name]) for name in found]

    @property
    def _unique_until(self) -> UniqueUntil | None:
        if b"lock_for" not in self.record:
            return None
        return "expiry" if self.record.get(b"lock_until") == b"expiry" else "done"

    def _number(self, name: bytes) -> float | None:
        value = self.record.get(name)
        return None if value is None else float(value)

    def _moment(self, name: bytes) -> datetime | None:
        ms = self._number(name)
        return None if ms is None else to_moment(ms)

    def _expires_at(self, state: TaskState, *, archive_for: timedelta) -> datetime | None:
        if state is TaskState.ARCHIVED:
            return to_moment(float(self.score)) + archive_for
        if state is TaskState.COMPLETED and self.retained_until is not None:
            return to_moment(float(self.retained_until))
        return None


def _attempt(at: int, stored: bytes) -> Attempt:
    note = decode_note(stored)
    return Attempt(
        at=to_moment(at),
        retries=note.retries,
        error=note.error,
        worker=note.worker,
        ran_for=_duration(note.ms),
    )


def _result(stored: bytes | None) -> object:
    return decoded(msgspec.json.decode, stored) if stored else None


def _read(message: bytes, *, task_id: str, cipher: PayloadCipher | None) -> dict[str, Any]:
    """The fields of a Dramatiq message, or the raw bytes of an unreadable one."""
    try:
        fields = _decode(message)
        options, name = fields["options"], str(fields["actor_name"])
        payload = _payload(fields["args"], fields["kwargs"])
        return {
            "name": name,
            "payload": shown(payload, cipher=cipher, name=name, task_id=task_id),
            "published_at": to_moment(fields["message_timestamp"]),
            "timeout": _duration(options.get("time_limit")),
            "retries": int(options.get("retries", 0)),
            "max_retries": options.get("max_retries"),
            "retention": _duration(options.get("retention")) or timedelta(0),
            "headers": {**options.get("headers", {})},
            "traceback": _text(options.get("traceback")),
        }
    except (DecodeError, LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return {"raw": message}


def failure_in(mark: bytes) -> Failure | None:
    try:
        return failure_of(decode_mark(mark))
    except msgspec.DecodeError:
        return None


def failure_of(mark: FailureMark) -> Failure:
    return Failure(
        fingerprint=mark.fingerprint, task_name=mark.task_name, error_type=mark.error_type, frame=mark.frame
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _payload(args: Sequence[Any], kwargs: Mapping[str, Any]) -> object:
    """Application tasks have only keyword arguments. Plain Dramatiq actors may have both kinds."""
    if not args:
        return kwargs
    return {"args": args, "kwargs": kwargs} if kwargs else args


def _duration(ms: float | None) -> timedelta | None:
    return None if ms is None else timedelta(milliseconds=ms)
