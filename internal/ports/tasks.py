"""Background tasks as the application sees them: what to do, how it should be done, and who publishes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal, Protocol, Self, TypedDict, TypeVar, Unpack

from internal.ports import option_rules as rules

MOST_STEPS = 100  # of a chain: the first one carries all the others
MOST_MEMBERS = 10_000  # of a group


class Queue(StrEnum):
    """The queues that every installation has."""

    CRITICAL = "critical"
    DEFAULT = "default"
    LOW = "low"


UniqueUntil = Literal["done", "expiry"]


class TaskState(StrEnum):
    STORED = "stored"  # in the outbox, part of a transaction
    PENDING = "pending"
    ACTIVE = "active"
    SCHEDULED = "scheduled"
    RETRY = "retry"
    ARCHIVED = "archived"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` starts in any window of `per`."""

    limit: int
    per: timedelta

    def __post_init__(self) -> None:
        if problem := rules.count(self.limit):
            raise ValueError(f"the limit of a rate {problem}")
        if problem := rules.lasting(self.per):
            raise ValueError(f"the window of a rate {problem}")


class TaskOverrides(TypedDict, total=False):
    """Options for one publication; see TaskOptions."""

    queue: str
    task_id: str | None
    max_retries: int
    timeout: timedelta
    deadline: datetime | None
    delay: timedelta | None
    process_at: datetime | None
    unique_for: timedelta | None
    unique_key: str | None
    unique_until: UniqueUntil
    retention: timedelta
    headers: Mapping[str, str]
    max_running: int | None
    rate: Rate | None
    limit_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """How a task is to be run.

    queue: one of the configured queues.
    task_id: own id, over all queues; while its task exists, publishing again only reports a duplicate.
    max_retries: attempts after the first; 0 = one attempt.
    timeout: limit of one attempt; exceeding it is a failed attempt.
    deadline: not started after it, cancelled at it, then archived.
    delay, process_at: run no earlier (one of the two).
    unique_for, unique_key: how long an equal task counts as a duplicate. Equal are tasks of one queue with
        the same name and payload, or with the same key. For a delayed task the time begins when it is due.
    unique_until: "done": it is over when the task has ended; "expiry": it lasts, whatever becomes of it.
    retention: keep the completed task and its result this long; 0 = forget it.
    headers: context such as a request id, handed to the handler.
    max_running, rate, limit_key: how many run at once, and start in a window, over all workers; of the tasks
        of this name, or of all that have this key. Those above it wait, without counting an attempt.

    Durations are rounded to milliseconds, up to a thousand years; moments are within the years 1970 to 3999.

    Raises:
        ValueError: a value has another type or is out of range, or two exclude each other.
    """

    queue: str = Queue.DEFAULT
    task_id: str | None = None
    max_retries: int = 25
    timeout: timedelta = timedelta(minutes=30)
    deadline: datetime | None = None
    delay: timedelta | None = None
    process_at: datetime | None = None
    unique_for: timedelta | None = None
    unique_key: str | None = None
    unique_until: UniqueUntil = "done"
    retention: timedelta = timedelta(0)
    headers: Mapping[str, str] = field(default_factory=dict)
    max_running: int | None = None
    rate: Rate | None = None
    limit_key: str | None = None

    def __post_init__(self) -> None:
        for name, rule in rules.RULES.items():
            if problem := rule(getattr(self, name)):
                raise ValueError(f"{name} {problem}")
        if self.rate is not None and not isinstance(self.rate, Rate):
            raise ValueError("rate must be a Rate")
        for problem, holds in rules.CONFLICTS.items():
            if holds(self):
                raise ValueError(problem)

    def override(self, overrides: TaskOverrides) -> Self:
        """These options with some replaced; a new start time replaces the old one, however it was given."""
        if not overrides:
            return self
        replaced = overrides.copy()
        if overrides.get("delay") is not None:
            replaced.setdefault("process_at", None)
        elif overrides.get("process_at") is not None:
            replaced.setdefault("delay", None)
        return replace(self, **replaced)


class Task(Protocol):
    """A frozen, keyword-only dataclass: its fields are the payload.

    `task_name` is stable: it stands in Redis. New fields need defaults, so that older messages stay readable.
    A task may have a static method `retry_delay(retries: int, error: BaseException) -> timedelta`: how long
    to wait after a failed attempt, `retries` of which came before. Without it the wait is
    retries^4 + 15 + random(0..29) * (retries + 1) seconds.
    """

    task_name: ClassVar[str]
    task_options: ClassVar[TaskOptions]


Publication = Task | tuple[Task, TaskOptions]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What a handler may know of the run it is part of. `retries` counts the failed attempts so far.

    `write_result` keeps a value, JSON of at most 64 KiB, for the task's `retention`; the last one counts. It
    can be read at once. Raises ValueError for a larger value, and for one that would not be read as written.
    """

    id: str
    queue: str
    retries: int
    max_retries: int
    deadline: datetime | None
    headers: Mapping[str, str]
    write_result: Callable[[object], None] = field(default=lambda _: None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReceipt:
    """What became of a publication; of a `duplicate` (None: not yet known), which task was there."""

    id: str
    queue: str
    state: TaskState
    duplicate: bool | None


class TaskPublisher(Protocol):
    async def publish(self, task: Task, **overrides: Unpack[TaskOverrides]) -> TaskReceipt:
        """Have the task run. It is delivered at least once, so its handler is idempotent.

        Raises:
            ValueError: an option is invalid, the queue is unknown, or the payload would not arrive unchanged.
                Nothing is stored then.
            Unavailable: the task queue cannot be reached.
        """
        ...

    async def publish_many(self, tasks: Sequence[Publication]) -> list[TaskReceipt]:
        """Publish all; a bare task uses its own options."""
        ...

    async def publish_chain(
        self, steps: Sequence[Publication], *, on_failure: Publication | None = None
    ) -> TaskReceipt:
        """Publish the first step, whose receipt this is, and each other when the one before is done.

        `on_failure` is published whenever a step is given up, or is a duplicate when its turn has come.

        Raises:
            ValueError: as for `publish`; or no steps, or more than MOST_STEPS, or a later one has a moment
                (process_at, deadline).
        """
        ...

    async def publish_group(
        self,
        tasks: Sequence[Publication],
        *,
        then: Publication | None = None,
        on_failure: Publication | None = None,
    ) -> list[TaskReceipt]:
        """Publish all; `then` when all of them are done, `on_failure` when the first is given up.

        `on_failure` is also published if `then` is a duplicate when its turn has come.

        Raises:
            ValueError: as for `publish_chain`; or no tasks, or more than MOST_MEMBERS, or one of them may be
                a duplicate, which is never done.
        """
        ...


def with_options(tasks: Sequence[Publication]) -> list[tuple[Task, TaskOptions]]:
    """Give every bare task its own options: what `publish_many` begins with."""
    return [item if isinstance(item, tuple) else (item, item.task_options) for item in tasks]


TaskT_contra = TypeVar("TaskT_contra", bound=Task, contravariant=True)


class TaskHandler(Protocol[TaskT_contra]):
    async def __call__(self, task: TaskT_contra, context: TaskContext) -> None:
        """Do the task's work.

        Raises:
            Permanent: to give up.
            RetryLater: to wait.
            Exception: anything else is a failed attempt.
        """
        ...


class Permanent(Exception):
    """The task can never succeed: archive it now."""


class RetryLater(Exception):
    """Not now: run the task again `after` this time, without counting an attempt."""

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"retry in {after.total_seconds():.3f} s")
        self.after = after
