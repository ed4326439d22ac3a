"""An operator at a terminal, before an installation that is all fakes."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from typer.testing import CliRunner, Result

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
from internal.application.audited_outbox_inspector import AuditedOutboxInspector
from internal.application.audited_task_inspector import AuditedTaskInspector
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.domain import operator
from internal.domain.errors import NotPermitted
from internal.infrastructure.cli.app import app
from internal.infrastructure.cli.command_needs import RedisRefusals, Tools, UserTools
from internal.infrastructure.database.postgres_info import PostgresInfo
from internal.infrastructure.monitoring.services import Services
from internal.infrastructure.taskqueue.inspection.redis_info import RedisInfo
from internal.infrastructure.tasks.codec import TaskCodec
from internal.ports.task_snapshots import TaskInfo, WorkerInfo
from internal.ports.tasks import Task, TaskState
from internal.ports.unavailable import Unavailable
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.log_in_counts import FakeLogInCounts
from tests.fakes.outbox_inspector import FakeOutboxInspector
from tests.fakes.security_event_log import FakeSecurityEventLog
from tests.fakes.task_inspector import FakeTaskInspector
from tests.fakes.tasks import FakeTaskPublisher
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.fakes.user_directory import FakeUserDirectory
from tests.fakes.user_reader import FakeUserReader
from tests.support.callers import CALLER
from tests.support.new_password import new_password

REDIS = RedisInfo(
    software="valkey",
    version="9.1.0",
    used_memory=3 * 1024 * 1024,
    max_memory=None,
    eviction="noeviction",
    uptime=timedelta(days=3, hours=4),
    clients=7,
    is_append_only=True,
    snapshots="",
    saved_at=None,
    is_replica=False,
    replicas=0,
)
POSTGRES = PostgresInfo(
    version="18.1",
    size=12 * 1024 * 1024,
    uptime=timedelta(hours=7),
    connections=9,
    max_connections=100,
    in_use=0,
    pool_size=5,
    schema="0012",
    is_schema_current=True,
    replicas=1,
    lag=timedelta(seconds=2),
)
PAYLOAD = {"user_id": "e93ad238-1f7d-4f21-897f-7ec0d8fb3744", "email": "ada@example.com", "name": "Ada"}
ADA = operator.Operator("cli:ada@desk")
TARGET = "Postgres db:5432/app, Redis redis:6379/0"


@dataclass
class FakeInstallation:
    """With `is_away`, its Redis cannot be reached."""

    clock: FakeClock = field(default_factory=FakeClock)
    is_interactive: bool = False
    is_away: bool = False
    is_production: bool = False
    redis: RedisInfo = REDIS
    postgres: PostgresInfo = POSTGRES
    refusals: RedisRefusals = field(default_factory=RedisRefusals)
    tasks: Sequence[type[Task]] = (SendWelcomeEmail,)
    migrations: list[str] = field(default_factory=list)
    heard: Mapping[int, float] = field(default_factory=lambda: {12: 0.5, 34: 2.0})
    answers: Mapping[str, tuple[bool, Mapping[str, object]]] = field(
        default_factory=lambda: {"/livez": (True, {"status": "ok"}), "/readyz": (True, {"status": "ok"})}
    )

    def __post_init__(self) -> None:
        self.inspector = FakeTaskInspector(self.clock, batch=2)
        self.outbox = FakeOutboxInspector(self.clock, batch=2)
        self.audit_trail = FakeAuditTrail()
        self.security_event_log = FakeSecurityEventLog()
        self.log_in_counts = FakeLogInCounts()
        self.publisher = FakeTaskPublisher()
        self.unit_of_work = FakeUnitOfWork(tasks=FakeTaskPublisher(stores=True), clock=self.clock)

    @property
    def target(self) -> str:
        return TARGET

    def task_types(self) -> Sequence[type[Task]]:
        return self.tasks

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Tools]:
        if self.is_away:
            raise Unavailable("Redis cannot be reached")
        audit = Audit(trail=self.audit_trail, actor=ADA, caller=CALLER)
        yield Tools(
            inspector=AuditedTaskInspector(self.inspector, audit=audit),
            outbox=AuditedOutboxInspector(self.outbox, audit=audit),
            audit=audit,
            enqueue_task=EnqueueTask(uow=self.unit_of_work, publisher=self.publisher),
            codec=TaskCodec(self.tasks),
            queues=["critical", "default", "low"],
            clock=self.clock,
            redis_info=self._redis_info,
            redis_refusals=self._redis_refusals,
            services=Services(
                redis=self._redis_info, postgres=self._postgres_info, refusal=self._refusal_of_tasks
            ),
        )

    @asynccontextmanager
    async def open_users(self) -> AsyncIterator[UserTools]:
        uow, clock = self.unit_of_work, self.clock
        yield UserTools(
            operator=ADA,
            list_audit=ListAudit(users=FakeUserReader(uow), security_event_log=self.security_event_log),
            list_users=ListUsers(user_directory=FakeUserDirectory(uow.users)),
            view_user=ViewUser(uow=uow),
            view_sessions=ViewSessions(uow=uow),
            count_log_ins=CountLogIns(log_in_counts=self.log_in_counts, clock=clock),
            create_user=CreateUser(uow=uow, new_password=new_password(), clock=clock, new_id=uuid4),
            change_role=ChangeRole(uow=uow, clock=clock),
            disable_user=DisableUser(uow=uow, clock=clock),
            enable_user=EnableUser(uow=uow, clock=clock),
            revoke_sessions=RevokeSessions(uow=uow, clock=clock),
            clock=clock,
        )

    def require_no_production(self) -> None:
        if self.is_production:
            raise NotPermitted("this is production")

    async def _redis_info(self) -> RedisInfo:
        return self.redis

    async def _postgres_info(self) -> PostgresInfo:
        return self.postgres

    async def _refusal_of_tasks(self) -> str | None:
        return self.refusals.of_tasks

    async def _redis_refusals(self) -> RedisRefusals:
        return self.refusals

    async def workers_on(self, host: str) -> Sequence[WorkerInfo]:
        if self.is_away:
            raise Unavailable("Redis cannot be reached")
        return [worker for worker in await self.inspector.workers() if worker.host == host]

    def heartbeat_ages(self) -> Mapping[int, float]:
        return self.heard

    def server_health(self, path: str) -> tuple[bool, Mapping[str, object]]:
        if self.is_away:
            raise Unavailable("no server answers")
        return self.answers[path]

    def migrate(self) -> None:
        self.migrations.append("newest")

    def write_migration(self, message: str) -> None:
        self.migrations.append(message)


@dataclass
class Operator:
    installation: FakeInstallation = field(default_factory=FakeInstallation)

    @property
    def inspector(self) -> FakeTaskInspector:
        return self.installation.inspector

    @property
    def outbox(self) -> FakeOutboxInspector:
        return self.installation.outbox

    def does(self, *arguments: str, answer: str = "", columns: int | None = None) -> Result:
        """Run a command; in a terminal that is so wide, or else into a pipe."""
        env = {"COLUMNS": str(columns) if columns else None, "NO_COLOR": None, "FORCE_COLOR": None}
        result = CliRunner(env=env).invoke(
            app, arguments, input=answer, obj=self.installation, prog_name="cmd.admin", catch_exceptions=False
        )
        assert "\x1b" not in result.output
        return result

    def reads(self, *arguments: str) -> Any:
        """What a command that succeeds prints as JSON."""
        result = self.does(*arguments, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        return json.loads(result.stdout)

    def states(self, queue: str = "default") -> dict[str, str]:
        tasks = self.inspector.known(queue)
        return {task.id: task.state for task in tasks}


def a_task(task_id: str = "task-1", state: TaskState = TaskState.PENDING, **changes: Any) -> TaskInfo:
    task = TaskInfo(
        id=task_id,
        queue="default",
        state=state,
        name="email:welcome",
        payload=PAYLOAD,
        published_at=NOON - timedelta(minutes=5),
        timeout=timedelta(minutes=15),
        max_retries=25,
    )
    return replace(task, **changes)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2030, 1, 1, hour, minute, tzinfo=UTC)
