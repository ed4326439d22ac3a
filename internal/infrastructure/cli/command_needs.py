"""The services that the commands work on. `bootstrap` locates and opens them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from internal.ports.clock import Clock
from internal.ports.outbox_inspector import OutboxInspector
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_snapshots import WorkerInfo
from internal.ports.tasks import Task, TaskPublisher
from internal.ports.unit_of_work import UnitOfWork

if TYPE_CHECKING:  # they import libraries that `--help` does not need
    from internal.infrastructure.taskqueue.inspection.redis_info import RedisInfo
    from internal.infrastructure.tasks.codec import TaskCodec


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisRefusals:
    """Why Redis refuses new tasks, and why it refuses heartbeats of workers. None: it accepts them."""

    of_tasks: str | None = None
    of_workers: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Open connections to one installation.

    publisher: enqueues to Redis, without a unit of work and its outbox.
    queues: the queues that tasks can be published to.
    """

    inspector: TaskInspector
    outbox: OutboxInspector
    publisher: TaskPublisher
    unit_of_work: Callable[[], UnitOfWork]
    codec: "TaskCodec"
    queues: Sequence[str]
    clock: Clock
    redis_info: Callable[[], Awaitable["RedisInfo"]]
    redis_refusals: Callable[[], Awaitable[RedisRefusals]]


class Installation(Protocol):
    """Imports and opens a service only when a command needs it."""

    @property
    def is_interactive(self) -> bool:
        """Whether a person at a terminal can answer a question."""
        ...

    @property
    def target(self) -> str:
        """The Postgres and the Redis in use, without passwords."""
        ...

    def task_types(self) -> Sequence[type[Task]]:
        """The tasks that workers have handlers for."""
        ...

    def open(self) -> AbstractAsyncContextManager[Tools]: ...

    async def workers_on(self, host: str) -> Sequence[WorkerInfo]:
        """The workers that are up on `host`, in the order of their process ids.

        Raises:
            Unavailable: Redis does not answer, or workers cannot send heartbeats to it.
        """
        ...

    def heartbeat_ages(self) -> Mapping[int, float]:
        """Seconds since the last heartbeat of each worker process on this machine, by process id."""
        ...

    def server_health(self, path: str) -> tuple[bool, Mapping[str, object]]:
        """Whether the local server answers 200 at its private port, and the body of its answer.

        Raises:
            Unavailable: the server does not answer.
        """
        ...

    def migrate(self) -> None: ...

    def write_migration(self, message: str) -> None: ...
