"""What the commands work on. Which Redis and which Postgres that is, `bootstrap` says."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from internal.infrastructure.tasks.codec import TaskCodec
from internal.ports.clock import Clock
from internal.ports.outbox_inspector import OutboxInspector
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_snapshots import WorkerInfo
from internal.ports.tasks import Task, TaskPublisher
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisFacts:
    """The server behind the queues. Memory is in bytes; `max_memory` is None if it has no limit."""

    software: str
    version: str
    used_memory: int
    max_memory: int | None
    eviction: str
    uptime: timedelta
    clients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisRefusals:
    """Why Redis takes no new tasks, and no word of the workers; None if it does."""

    of_tasks: str | None = None
    of_workers: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Open connections to one installation.

    publisher: straight to the task queue, past the outbox of a unit of work.
    queues: those that tasks can be published to.
    """

    inspector: TaskInspector
    outbox: OutboxInspector
    publisher: TaskPublisher
    unit_of_work: Callable[[], UnitOfWork]
    codec: TaskCodec
    queues: Sequence[str]
    clock: Clock
    redis_facts: Callable[[], Awaitable[RedisFacts]]
    redis_refusals: Callable[[], Awaitable[RedisRefusals]]


class Installation(Protocol):
    """Nothing is looked for, imported or opened before a command asks."""

    @property
    def is_attended(self) -> bool:
        """Somebody sits at a terminal, and can be asked."""
        ...

    @property
    def target(self) -> str:
        """Which Postgres and which Redis the commands work on, without passwords."""
        ...

    def task_types(self) -> Sequence[type[Task]]:
        """The tasks that a worker has a handler for."""
        ...

    def open(self) -> AbstractAsyncContextManager[Tools]: ...

    async def workers_on(self, host: str) -> Sequence[WorkerInfo]:
        """The workers that are up on `host`, by their process ids.

        Raises:
            Unavailable: Redis cannot say, or no worker can tell Redis that it is up.
        """
        ...

    def workers_heard_ago(self) -> Mapping[int, float]:
        """For each process of the workers on this machine: the seconds since its last sign of life."""
        ...

    def server_health(self, path: str) -> tuple[bool, Mapping[str, object]]:
        """Whether the server on this machine answers 200 at its private port, and its answer.

        Raises:
            Unavailable: there is no answer.
        """
        ...

    def migrate(self) -> None: ...

    def write_migration(self, message: str) -> None: ...
