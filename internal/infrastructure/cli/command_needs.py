"""The services that the commands work on. `bootstrap` locates and opens them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from internal.domain.operator import Operator
from internal.ports.clock import Clock
from internal.ports.outbox_inspector import OutboxInspector
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_snapshots import WorkerInfo
from internal.ports.tasks import Task

if TYPE_CHECKING:  # `--help` does not need them, nor the libraries that some import
    from internal.application.admin.change_role import ChangeRole
    from internal.application.admin.count_log_ins import CountLogIns
    from internal.application.admin.create_user import CreateUser
    from internal.application.admin.disable_user import DisableUser
    from internal.application.admin.enable_user import EnableUser
    from internal.application.admin.enqueue_task import EnqueueTask
    from internal.application.admin.list_audit import ListAudit
    from internal.application.admin.list_users import ListUsers
    from internal.application.admin.revoke_sessions import RevokeSessions
    from internal.application.admin.view_sessions import ViewSessions
    from internal.application.admin.view_user import ViewUser
    from internal.application.audit import Audit
    from internal.infrastructure.monitoring.services import Services
    from internal.infrastructure.taskqueue.inspection.redis_info import RedisInfo
    from internal.infrastructure.tasks.codec import TaskCodec


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisRefusals:
    """Why Redis refuses new tasks, and why it refuses heartbeats of workers. None: it accepts them."""

    of_tasks: str | None = None
    of_workers: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Open connections to one installation. What the inspector and the outbox do is in the audit.

    audit: for what the operator does by other means.
    queues: the queues that tasks can be published to.
    """

    inspector: TaskInspector
    outbox: OutboxInspector
    audit: "Audit"
    enqueue_task: "EnqueueTask"
    codec: "TaskCodec"
    queues: Sequence[str]
    clock: Clock
    redis_info: Callable[[], Awaitable["RedisInfo"]]
    redis_refusals: Callable[[], Awaitable[RedisRefusals]]
    services: "Services"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTools:
    """The use cases of administrators, and who acts. They need Postgres alone."""

    operator: Operator
    list_audit: "ListAudit"
    list_users: "ListUsers"
    view_user: "ViewUser"
    view_sessions: "ViewSessions"
    count_log_ins: "CountLogIns"
    create_user: "CreateUser"
    change_role: "ChangeRole"
    disable_user: "DisableUser"
    enable_user: "EnableUser"
    revoke_sessions: "RevokeSessions"
    clock: Clock


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

    def open_users(self) -> AbstractAsyncContextManager[UserTools]: ...

    def require_no_production(self) -> None:
        """Raise NotPermitted in production."""
        ...

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
