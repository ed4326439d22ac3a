"""Queues, tasks, workers and schedules at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from internal.ports.tasks import TaskState, UniqueUntil


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueInfo:
    """A queue at one moment.

    sizes: the number of tasks in each state; a missing state has no tasks.
    latency: the age of the oldest pending task; zero if none is pending.
    memory: bytes that its tasks take in Redis, estimated from a few of them.
    processed, failed: successful and failed attempts since midnight UTC.
    """

    name: str
    is_paused: bool
    sizes: Mapping[TaskState, int]
    latency: timedelta
    memory: int
    processed: int
    failed: int

    @property
    def size(self) -> int:
        return sum(self.sizes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """The attempts of one day in UTC."""

    day: date
    processed: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A failed attempt.

    at: when Redis took note of its end.
    retries: the number of failed attempts before it.
    worker: HOST:PID; None if an older version has recorded the attempt.
    ran_for: None if its handler did not start, or that is not known.
    """

    at: datetime
    retries: int
    error: str
    worker: str | None = None
    ran_for: timedelta | None = None

    @property
    def started_at(self) -> datetime | None:
        """Computed from `at`, so it is too late by the time for which Redis was away at the end."""
        return None if self.ran_for is None else self.at - self.ran_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What failed attempts have in common. Those with the same fingerprint are one group.

    error_type: the class of the error, or the reason for an attempt that failed without one.
    frame: "file in function" of the innermost frame of our own code; empty without one.
    """

    fingerprint: str
    task_name: str
    error_type: str
    frame: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another task of the same chain or group. name: None if the engine does not know it."""

    queue: str
    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupProgress:
    """A group of tasks: how many there are, and how many of them are done."""

    id: str
    size: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The tasks around one task. The other tasks of its group are only counted.

    follows: the task whose end has stored this one; follows_group: or the group.
    on_success, on_failure: the tasks that its end, or that of its group, stores.
    """

    follows: Neighbour | None = None
    follows_group: str | None = None
    group: GroupProgress | None = None
    on_success: Sequence[Neighbour] = ()
    on_failure: Sequence[Neighbour] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInfo:
    """One task at one moment. Fields that do not apply to its state, or were not kept, are None.

    payload: None if the message cannot be read; it is in `raw` then. A text about the key if it is encrypted
        and cannot be decrypted here.
    due: the earliest time of its next attempt.
    expires_at: when an archived or completed task is deleted.
    worker: HOST:PID of an active task's worker, or the worker's id if there is no heartbeat.
    is_orphaned: it is active, and its worker has been silent for longer than a lease.
    is_cancelled: it is active, and is being stopped.
    failure: of the last failed attempt.
    traceback: of the last failed attempt.
    history: the failed attempts, oldest first; in a page only the last one.
    neighbours: None in a page, and of a task that is alone.
    """

    id: str
    queue: str
    state: TaskState
    name: str | None = None
    payload: object = None
    raw: bytes | None = None
    published_at: datetime | None = None
    due: datetime | None = None
    deadline: datetime | None = None
    timeout: timedelta | None = None
    retries: int = 0
    max_retries: int | None = None
    retention: timedelta = timedelta(0)
    unique_for: timedelta | None = None
    unique_until: UniqueUntil | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    worker: str | None = None
    started_at: datetime | None = None
    is_orphaned: bool = False
    is_cancelled: bool = False
    crashes: int = 0
    last_error: str | None = None
    last_failed_at: datetime | None = None
    failure: Failure | None = None
    traceback: str | None = None
    history: Sequence[Attempt] = ()
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    result: object = None
    neighbours: Neighbours | None = None

    @property
    def happened_at(self) -> datetime | None:
        """When the last of these happened to it: it was published, started, failed, or completed."""
        times = (self.published_at, self.started_at, self.last_failed_at, self.completed_at)
        return max((at for at in times if at is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTask:
    id: str
    queue: str
    name: str
    started_at: datetime
    deadline: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerInfo:
    """A worker process with a recent heartbeat. It takes no tasks while it `waits_for` a service.

    is_quiet: an operator has asked it to take no tasks.
    """

    id: str
    host: str
    pid: int
    started_at: datetime
    heard_at: datetime
    concurrency: int
    queues: Mapping[str, int]
    is_strict: bool
    is_draining: bool
    running: Sequence[RunningTask]
    waits_for: str | None = None
    is_quiet: bool = False

    @property
    def name(self) -> str:
        return f"{self.host}:{self.pid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleInfo:
    """A periodic task. `last` and `next` are slots; `next` is None if no slot follows.

    is_paused: nothing is published at its slots.
    """

    name: str
    spec: str
    time_zone: str
    task_name: str
    queue: str
    last: datetime | None
    next: datetime | None
    is_paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRun:
    """A slot for which the scheduler published a task at `published_at`."""

    task_id: str
    slot: datetime
    published_at: datetime
