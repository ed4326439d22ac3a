"""Background tasks as the application sees them: payloads, options, publishers and handlers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal, Protocol, Self, TypedDict, TypeVar, Unpack

from internal.ports import option_rules as rules

MOST_STEPS = 100  # of a chain: the first step carries all others
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
    """Options for one publication. See TaskOptions."""

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
    """How a task runs.

    queue: one of the configured queues.
    task_id: your own id, unique in all queues. While its task exists, publishing again reports a duplicate.
    max_retries: attempts after the first one; 0 means one attempt.
    timeout: the limit of one attempt. An attempt that takes longer has failed.
    deadline: the task does not start after it, is cancelled at it, and is archived then.
    delay, process_at: the earliest start. Use one of the two.
    unique_for, unique_key: how long an equal task counts as a duplicate. Tasks of one queue are equal if they
        have the same name and payload, or the same key. The time of a delayed task begins when it is due.
    unique_until: "done" ends that time when the task ends; "expiry" keeps it in any case.
    retention: how long the completed task and its result are kept; 0 means not at all.
    headers: context for the handler, such as a request id.
    max_running, rate, limit_key: how many tasks run at once, and how many start within a window, on all
        workers together. A limit applies to the tasks of one name, or to all tasks with the same key. Tasks
        above it wait, and no attempt is counted.

    Durations are rounded to milliseconds, up to a thousand years. Times are within the years 1970 to 3999.

    Raises:
        ValueError: a value has the wrong type or is out of range, or two options exclude each other.
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
        """Return a copy with some options replaced. A new `delay` or `process_at` replaces either of them."""
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

    Never change `task_name`: stored messages have it. New fields need defaults, so older messages stay
    readable. A static method `retry_delay(retries: int, error: BaseException) -> timedelta` is optional. It
    returns the wait after a failed attempt; `retries` is the number of retries before it. Without it the wait
    is retries^4 + 15 + random(0..29) * (retries + 1) seconds.
    """

    task_name: ClassVar[str]
    task_options: ClassVar[TaskOptions]


Publication = Task | tuple[Task, TaskOptions]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """The attempt that a handler runs in. `retries` is the number of failed attempts so far.

    `write_result` stores a value, JSON of at most 64 KiB, for the task's `retention`. Others can read it at
    once, and the last value replaces earlier ones. It raises ValueError for a larger value, and for a value
    that JSON does not preserve.
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
    """The result of a publication. If `duplicate` is true (None: not yet known), `id` is the other task's."""

    id: str
    queue: str
    state: TaskState
    duplicate: bool | None


class TaskPublisher(Protocol):
    async def publish(self, task: Task, **overrides: Unpack[TaskOverrides]) -> TaskReceipt:
        """Publish the task. It is delivered at least once, so its handler must be idempotent.

        Raises:
            ValueError: an option is invalid, the queue is unknown, or the payload would not arrive unchanged.
                Nothing is stored.
            Unavailable: the task queue cannot be reached.
        """
        ...

    async def publish_many(self, tasks: Sequence[Publication]) -> list[TaskReceipt]:
        """Publish all tasks; a task without options uses its class's. Raises as `publish`."""
        ...

    async def publish_chain(
        self, steps: Sequence[Publication], *, on_failure: Publication | None = None
    ) -> TaskReceipt:
        """Publish the first step and return its receipt. Each later step follows when the one before is done.

        `on_failure` is published when a step is archived, or is a duplicate when its turn comes.

        Raises:
            ValueError: as for `publish`; or there are no steps, or more than MOST_STEPS, or a later step has
                `process_at` or `deadline`.
        """
        ...

    async def publish_group(
        self,
        tasks: Sequence[Publication],
        *,
        then: Publication | None = None,
        on_failure: Publication | None = None,
    ) -> list[TaskReceipt]:
        """Publish all tasks; `then` follows when all are done, `on_failure` when the first one is archived.

        `on_failure` also follows if `then` is a duplicate when its turn comes.

        Raises:
            ValueError: as for `publish_chain`; or there are no tasks, or more than MOST_MEMBERS, or one of
                them could be a duplicate, which is never done.
        """
        ...


def with_options(tasks: Sequence[Publication]) -> list[tuple[Task, TaskOptions]]:
    """Pair each task that has no options with those of its class."""
    return [item if isinstance(item, tuple) else (item, item.task_options) for item in tasks]


TaskT_contra = TypeVar("TaskT_contra", bound=Task, contravariant=True)


class TaskHandler(Protocol[TaskT_contra]):
    async def __call__(self, task: TaskT_contra, context: TaskContext) -> None:
        """Do the task's work.

        Raises:
            Permanent: the task is archived.
            RetryLater: the task runs again later.
            Exception: the attempt has failed.
        """
        ...


class Permanent(Exception):
    """The task cannot succeed: it is archived without a retry."""


class RetryLater(Exception):
    """Run the task again `after` this time; no attempt is counted."""

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"retry in {after.total_seconds():.3f} s")
        self.after = after
