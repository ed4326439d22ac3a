"""Run the operator's command line on the configured services."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn, TextIO

from internal.domain.errors import DomainError, NotPermitted
from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.process.process_signals import STOP_SIGNALS
from internal.infrastructure.bootstrap.services.service_addresses import postgres_at, redis_at, services_at
from internal.infrastructure.cli.app import app
from internal.infrastructure.cli.command_needs import RedisRefusals, Tools, UserTools
from internal.infrastructure.cli.output.console import print_error
from internal.infrastructure.telemetry.liveness_file import heard_ago
from internal.ports.unavailable import Unavailable

if TYPE_CHECKING:
    from internal.infrastructure.bootstrap.container import Container
    from internal.infrastructure.config.settings import Settings
    from internal.ports.task_snapshots import WorkerInfo
    from internal.ports.tasks import Task

# Set by a shell that completes a command line, as Typer reads it.
COMPLETION = "_ADMIN_COMPLETE"


INTERRUPTED = 130  # Typer's exit code for an interrupt


def run_admin() -> None:
    """Run the command that the arguments name, then exit."""
    try:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.default_int_handler)
        _run()
    except KeyboardInterrupt:  # before Typer catches it
        raise SystemExit(INTERRUPTED) from None


def _run() -> None:
    # Escape characters that the terminal's encoding cannot show.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # it is a TextIOWrapper
    if os.environ.get(COMPLETION):
        complete()
    app(obj=LocatedInstallation(log_to=sys.stderr))


def complete() -> NoReturn:
    """Answer a shell that completes a command line of `./admin`, or that installs the completion."""
    # Typer offers this only with options that use the program's name, which is `python -m cmd.admin` here.
    from typer._completion_classes import completion_init  # noqa: PLC0415 - only a shell needs it

    completion_init()
    app(prog_name="admin", complete_var=COMPLETION)
    raise AssertionError("Typer exits the process")


class LocatedInstallation:
    """Imports only what a command needs, because `worker ping` is a health check that runs all the time.

    log_to: the stream for the program's warnings. None leaves logging unchanged.
    """

    def __init__(self, *, log_to: TextIO | None = None) -> None:
        self._log_to = log_to
        self._announced: set[str] = set()

    @property
    def is_interactive(self) -> bool:
        return sys.stdin.isatty()

    @property
    def target(self) -> str:
        from internal.infrastructure.bootstrap.services.service_discovery import locate_services  # noqa: PLC0415 - see above

        settings = locate_services()
        return services_at(database_url=settings.database_url, redis_url=settings.redis)

    def _located(self) -> "Settings":
        from internal.infrastructure.bootstrap.services.service_discovery import locate_services  # noqa: PLC0415 - see above
        from internal.infrastructure.config.misspelled_names import misspelling  # noqa: PLC0415 - see above
        from internal.infrastructure.config.settings import misspelt_settings  # noqa: PLC0415 - see above

        settings = locate_services()
        for name, meant in misspelt_settings().items():
            self._announce(misspelling(name, meant))
        return settings

    @contextmanager
    def _naming(self, target: str) -> Generator[None]:
        """Print the services of a command before its output, or add them to its error."""
        try:
            yield
        except Unavailable as error:
            raise Unavailable(f"{error} ({target})") from error
        except DomainError:
            self._announce(target)
            raise
        self._announce(target)

    def _announce(self, line: str) -> None:
        """Print the line once per command."""
        if line not in self._announced:
            self._announced.add(line)
            print_error(line)

    def task_types(self) -> Sequence[type["Task"]]:
        from internal.infrastructure.worker.routes import ROUTES  # noqa: PLC0415 - see above

        return list(ROUTES)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Tools]:
        from internal.application.audited_outbox_inspector import AuditedOutboxInspector  # noqa: PLC0415 - see above
        from internal.application.audited_task_inspector import AuditedTaskInspector  # noqa: PLC0415 - see above
        from internal.infrastructure.bootstrap.admin.operator_audit import audit_of_operator  # noqa: PLC0415 - see above
        from internal.infrastructure.bootstrap.container import Container  # noqa: PLC0415 - see above
        from internal.infrastructure.bootstrap.lifespan import open_resources  # noqa: PLC0415 - see above
        from internal.infrastructure.bootstrap.services.service_reports import services_of  # noqa: PLC0415 - see above
        from internal.infrastructure.bootstrap.services.supported_redis import require_supported_redis  # noqa: PLC0415 - see above
        from internal.infrastructure.taskqueue.inspection.redis_info import read_redis_info  # noqa: PLC0415 - see above
        from internal.infrastructure.telemetry.log import configure_logging  # noqa: PLC0415 - see above

        settings = self._located()
        if self._log_to is not None:
            configure_logging(level="WARNING", log_format="console", stream=self._log_to)
        container = Container(settings=settings)
        database, taskqueue, inspection = container.database(), container.taskqueue(), container.inspection()
        audit = audit_of_operator(database.audit_trail())
        with self._naming(services_at(database_url=settings.database_url, redis_url=settings.redis)):
            async with open_resources(container):
                await require_supported_redis(taskqueue.redis())
                yield Tools(
                    inspector=AuditedTaskInspector(inspection.tasks(), audit=audit),
                    outbox=AuditedOutboxInspector(inspection.outbox(), audit=audit),
                    audit=audit,
                    enqueue_task=container.admin().enqueue_task(),
                    codec=taskqueue.codec(),
                    queues=taskqueue.queues(),
                    clock=container.clock(),
                    redis_info=lambda: read_redis_info(taskqueue.redis()),
                    redis_refusals=lambda: redis_refusals(container),
                    services=services_of(container),
                )

    @asynccontextmanager
    async def open_users(self) -> AsyncIterator[UserTools]:
        from internal.infrastructure.bootstrap.admin.operator_audit import operator_here  # noqa: PLC0415 - see above
        from internal.infrastructure.bootstrap.container import Container  # noqa: PLC0415 - see above
        from internal.infrastructure.bootstrap.lifespan import open_resources  # noqa: PLC0415 - see above
        from internal.infrastructure.telemetry.log import configure_logging  # noqa: PLC0415 - see above

        settings = self._located()
        if self._log_to is not None:
            configure_logging(level="WARNING", log_format="console", stream=self._log_to)
        container = Container(settings=settings)
        admin = container.admin()
        with self._naming(postgres_at(settings.database_url)):
            async with open_resources(container):
                yield UserTools(
                    operator=operator_here(),
                    list_audit=admin.list_audit(),
                    list_users=admin.list_users(),
                    view_user=admin.view_user(),
                    view_sessions=admin.view_sessions(),
                    count_log_ins=admin.count_log_ins(),
                    create_user=admin.create_user(),
                    change_role=admin.change_role(),
                    disable_user=admin.disable_user(),
                    enable_user=admin.enable_user(),
                    revoke_sessions=admin.revoke_sessions(),
                    clock=container.clock(),
                )

    def require_no_production(self) -> None:
        from internal.infrastructure.config.settings import Environment  # noqa: PLC0415 - see above

        if _load_settings().app_env is Environment.PRODUCTION:
            raise NotPermitted("APP_ENV is production, which gets no demo users")

    async def workers_on(self, host: str) -> Sequence["WorkerInfo"]:
        from internal.infrastructure.bootstrap.admin.redis_from_environment import redis_url_from_environment  # noqa: PLC0415 - see above
        from internal.infrastructure.bootstrap.worker.live_workers import workers_on  # noqa: PLC0415 - see above

        redis_url = redis_url_from_environment() or _locate_redis()
        with self._naming(redis_at(redis_url)):
            found: Sequence[WorkerInfo] = ()
            try:
                found = await workers_on(host, redis_url=redis_url)
            finally:
                if not found:
                    _load_settings()  # names the wrong ones, which may be why no worker is up
            return found

    def heartbeat_ages(self) -> Mapping[int, float]:
        return heard_ago(_load_settings().heartbeats)

    def server_health(self, path: str) -> tuple[bool, Mapping[str, object]]:
        from internal.infrastructure.bootstrap.server.health_client import server_health  # noqa: PLC0415 - see above

        settings = _load_settings()
        return server_health(settings.private_host, settings.private_port, path)

    def migrate(self) -> None:
        from internal.infrastructure.database.schema import upgrade_to_head  # noqa: PLC0415 - see above

        settings = self._located()
        with self._naming(postgres_at(settings.database_url)):
            upgrade_to_head(
                settings.database_url, connect_within=timedelta(seconds=settings.database_connect_timeout)
            )

    def write_migration(self, message: str) -> None:
        from alembic.util import CommandError  # noqa: PLC0415 - see above

        from internal.infrastructure.database.schema import write_migration  # noqa: PLC0415 - see above

        database_url = self._located().database_url
        try:
            with self._naming(postgres_at(database_url)):
                write_migration(database_url, message)
        except CommandError as error:
            raise NotReady(str(error)) from error


def _load_settings() -> "Settings":
    from internal.infrastructure.config.settings import load_settings  # noqa: PLC0415 - see above

    return load_settings()


def _locate_redis() -> str:
    from internal.infrastructure.bootstrap.services.service_discovery import locate_redis  # noqa: PLC0415 - see above

    return locate_redis()


async def redis_refusals(container: "Container") -> RedisRefusals:
    from internal.infrastructure.taskqueue.inspection.write_probe import refusal_of_workers  # noqa: PLC0415 - see above
    from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag  # noqa: PLC0415 - see above

    return RedisRefusals(
        of_tasks=await container.taskqueue().write_probe().refusal(),
        of_workers=await refusal_of_workers(container.taskqueue().redis(), namespace=hash_tag(NAMESPACE)),
    )
