from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from dependency_injector import containers, providers

from internal.application.subscribers import tasks_of
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.account_history import SqlAlchemyAccountHistory
from internal.infrastructure.database.account_tokens import SqlAlchemyTokenKeeper
from internal.infrastructure.database.audit_trail import SqlAlchemyAuditTrail
from internal.infrastructure.database.engine import DatabaseTimeouts, create_engine
from internal.infrastructure.database.idempotency import SqlAlchemyIdempotency
from internal.infrastructure.database.log_in_counts import SqlAlchemyLogInCounts
from internal.infrastructure.database.outbox.completion_log import SqlAlchemyCompletionLog
from internal.infrastructure.database.outbox.history import SqlAlchemyTaskHistory
from internal.infrastructure.database.outbox.relay import OutboxRelay
from internal.infrastructure.database.request_history import SqlAlchemyRequestHistory
from internal.infrastructure.database.schema_version import SchemaVersion
from internal.infrastructure.database.security_event_log import SqlAlchemySecurityEventLog
from internal.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from internal.infrastructure.database.user_directory import SqlAlchemyUserDirectory
from internal.infrastructure.database.user_reader import SqlAlchemyUserReader
from internal.infrastructure.database.watch import DatabaseWatch
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.ports.clock import Clock

WATCH_WITHIN = timedelta(seconds=2)


def _timeouts(settings: Settings) -> DatabaseTimeouts:
    return DatabaseTimeouts(
        connect=timedelta(seconds=settings.database_connect_timeout),
        pool=timedelta(seconds=settings.database_pool_timeout),
        statement=timedelta(seconds=settings.database_statement_timeout),
    )


def _watch_timeouts(usual: DatabaseTimeouts) -> DatabaseTimeouts:
    """The watch notices a frozen Postgres before the tasks that wait for it time out."""
    return replace(usual, statement=min(usual.statement, WATCH_WITHIN))


class DatabaseContainer(containers.DeclarativeContainer):
    """Postgres: the unit of work, the outbox and what else keeps rows."""

    settings = providers.Dependency(instance_of=Settings)
    clock: providers.Dependency[Clock] = providers.Dependency()
    new_id: providers.Dependency[Callable[[], UUID]] = providers.Dependency()
    taskqueue = providers.DependenciesContainer()

    timeouts = providers.Singleton(_timeouts, settings)
    engine = providers.Singleton(
        create_engine,
        settings.provided.database_url,
        pool_size=settings.provided.database_pool_size,
        timeouts=timeouts,
    )
    watch = providers.Singleton(
        DatabaseWatch,
        providers.Singleton(
            create_engine,
            settings.provided.database_url,
            pool_size=1,
            timeouts=providers.Factory(_watch_timeouts, timeouts),
        ),
    )
    schema_version = providers.Singleton(SchemaVersion, engine)

    outbox_relay = providers.Singleton(OutboxRelay, engine=engine, transport=taskqueue.publisher)
    unit_of_work = providers.Factory(
        SqlAlchemyUnitOfWork,
        engine=engine,
        relay=outbox_relay,
        encoder=providers.Singleton(TaskEncoder, codec=taskqueue.codec, new_id=new_id, outbox_clock=clock),
        transport=taskqueue.publisher,
        tasks_of=providers.Object(tasks_of),
        within=timeouts.provided.statement,
    )
    completion_log = providers.Singleton(SqlAlchemyCompletionLog, engine)
    task_history = providers.Singleton(SqlAlchemyTaskHistory, engine)
    idempotency = providers.Singleton(SqlAlchemyIdempotency, engine)
    token_keeper = providers.Singleton(SqlAlchemyTokenKeeper, engine)
    user_reader = providers.Singleton(SqlAlchemyUserReader, engine)
    user_directory = providers.Singleton(SqlAlchemyUserDirectory, engine)
    request_history = providers.Singleton(SqlAlchemyRequestHistory, engine)
    account_history = providers.Singleton(SqlAlchemyAccountHistory, engine)
    log_in_counts = providers.Singleton(SqlAlchemyLogInCounts, engine)
    audit_trail = providers.Singleton(SqlAlchemyAuditTrail, engine)
    security_event_log = providers.Singleton(SqlAlchemySecurityEventLog, engine)
