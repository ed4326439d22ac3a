"""What is known of queues, tasks, workers and schedules at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from internal.ports.tasks import TaskState, UniqueUntil


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueInfo:
    """A queue at one moment.

    sizes: the number of tasks in each state; a state that is missing has none.
    latency: the age of the oldest pending task; zero if none is pending.
    memory: bytes that its tasks take in Redis, estimated from a few of them.
    processed, failed: attempts since midnight UTC; processed counts those that succeeded, failed the others.
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
    """Attempts of one day, UTC."""

    day: date
    processed: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A failed attempt. `retries` counts those that came before it."""

    at: datetime
    retries: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInfo:
    """One task at one moment; what does not apply to its state, or was not kept, is None.

    payload: what the task was published with; None for a message that cannot be read, which is in `raw`.
    due: when it starts, or starts again, at the earliest.
    expires_at: when an archived or a completed task is forgotten.
    is_orphaned: it is active, and its worker has not been heard for longer than a lease.
    is_cancelled: it is active, and was told to stop.
    history: the failed attempts, oldest first; of a task on a page only the last one.
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
    history: Sequence[Attempt] = ()
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    result: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTask:
    id: str
    queue: str
    name: str
    started_at: datetime
    deadline: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerInfo:
    """A worker process that was heard within its lease. It takes no task while it waits for a service."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleInfo:
    """A periodic task. `last` and `next` are slots; `next` is None if it never comes again."""

    name: str
    spec: str
    time_zone: str
    task_name: str
    queue: str
    last: datetime | None
    next: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRun:
    """A slot of a periodic task for which a task was published, at `published_at`."""

    task_id: str
    slot: datetime
    published_at: datetime
