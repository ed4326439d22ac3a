from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from dependency_injector import containers, providers

from internal.application.auth.authenticate import Authenticate
from internal.application.auth.log_in import LogIn
from internal.application.auth.register_user import RegisterUser
from internal.application.tasks.bulkhead import Bulkhead
from internal.application.tasks.purge_outbox import PurgeOutboxHandler
from internal.application.tasks.purge_requests import PurgeRequestsHandler
from internal.application.tasks.send_email_once import SendEmailOnce
from internal.application.tasks.send_welcome_email import SendWelcomeEmailHandler
from internal.domain.password_policy import PasswordPolicy
from internal.infrastructure.clock import SystemClock
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.engine import DatabaseTimeouts, create_engine
from internal.infrastructure.database.idempotency import SqlAlchemyIdempotency
from internal.infrastructure.database.outbox.completion_log import SqlAlchemyCompletionLog
from internal.infrastructure.database.outbox.history import SqlAlchemyTaskHistory
from internal.infrastructure.database.outbox.inspector import SqlAlchemyOutboxInspector
from internal.infrastructure.database.outbox.relay import OutboxRelay
from internal.infrastructure.database.request_history import SqlAlchemyRequestHistory
from internal.infrastructure.database.schema_version import SchemaVersion
from internal.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from internal.infrastructure.database.watch import DatabaseWatch
from internal.infrastructure.email.file_sender import FileEmailSender
from internal.infrastructure.email.mime import MimeComposer
from internal.infrastructure.email.smtp_sender import SmtpEmailSender, SmtpServer
from internal.infrastructure.security.argon2_password_hasher import Argon2PasswordHasher
from internal.infrastructure.security.jwt_token_issuer import JwtTokenIssuer
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import (
    RedisTimeouts,
    connect,
    connect_blocking,
    pool_of,
)
from internal.infrastructure.taskqueue.inspection.inspector import RedisTaskInspector
from internal.infrastructure.taskqueue.inspection.results import RedisTaskResults
from internal.infrastructure.taskqueue.inspection.write_probe import WriteProbe
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.publishing.enqueuer import Enqueuer
from internal.infrastructure.taskqueue.publishing.publisher import DramatiqTaskPublisher
from internal.infrastructure.taskqueue.scheduling.periodic import plan
from internal.infrastructure.taskqueue.scheduling.schedule_inspector import ScheduleInspector
from internal.infrastructure.taskqueue.scheduling.scheduler import Scheduler
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.infrastructure.worker.routes import ROUTES
from internal.infrastructure.worker.schedule import SCHEDULE
from internal.ports.email_sender import EmailSender
from internal.ports.tasks import Queue

WATCH_WITHIN = timedelta(seconds=2)
QUEUES = tuple(str(queue) for queue in Queue)


def publishable_queues(settings: Settings) -> tuple[str, ...]:
    """A worker may serve some of the queues only; tasks are published to any."""
    return tuple(dict.fromkeys([*QUEUES, *settings.queue_weights]))


def _timing(settings: Settings) -> Timing:
    return Timing(
        lease=timedelta(seconds=settings.worker_lease),
        unknown_grace=timedelta(seconds=settings.unknown_task_grace),
    )


def _database_timeouts(settings: Settings) -> DatabaseTimeouts:
    return DatabaseTimeouts(
        connect=timedelta(seconds=settings.database_connect_timeout),
        pool=timedelta(seconds=settings.database_pool_timeout),
        statement=timedelta(seconds=settings.database_statement_timeout),
    )


def _watch_timeouts(settings: Settings) -> DatabaseTimeouts:
    """A frozen Postgres is to be noticed before the tasks that wait for it give up."""
    usual = _database_timeouts(settings)
    return replace(usual, statement=min(usual.statement, WATCH_WITHIN))


def _redis_timeouts(settings: Settings) -> RedisTimeouts:
    return RedisTimeouts(
        connect=timedelta(seconds=settings.redis_connect_timeout),
        command=timedelta(seconds=settings.redis_timeout),
    )


def _email_sender(mail_url: str, composer: MimeComposer) -> EmailSender:
    parts = urlsplit(mail_url)
    if parts.scheme == "file":
        return FileEmailSender(directory=Path(unquote(parts.path)), composer=composer)
    return SmtpEmailSender(server=SmtpServer.from_url(mail_url), composer=composer)


class Container(containers.DeclarativeContainer):
    """Every object of the program, and what it is made of; server and worker are built from the same one.

    Nothing here connects to anything: `lifespan.py` opens and closes what is open.
    """

    settings = providers.Dependency(instance_of=Settings)

    clock = providers.Singleton(SystemClock)
    new_id = providers.Object(uuid4)

    database_timeouts = providers.Factory(_database_timeouts, settings)
    engine = providers.Singleton(
        create_engine,
        settings.provided.database_url,
        pool_size=settings.provided.database_pool_size,
        timeouts=database_timeouts,
    )
    database_watch = providers.Singleton(
        DatabaseWatch,
        providers.Singleton(
            create_engine,
            settings.provided.database_url,
            pool_size=1,
            timeouts=providers.Factory(_watch_timeouts, settings),
        ),
    )
    schema_version = providers.Singleton(SchemaVersion, engine)
    redis_timeouts = providers.Factory(_redis_timeouts, settings)
    redis = providers.Singleton(connect, settings.provided.redis, redis_timeouts)
    redis_pool = providers.Factory(pool_of, settings.provided.redis, redis_timeouts)
    write_probe = providers.Singleton(WriteProbe, redis_pool, namespace=hash_tag(NAMESPACE))

    task_codec = providers.Singleton(TaskCodec, tuple(ROUTES))
    task_publisher = providers.Singleton(
        DramatiqTaskPublisher,
        enqueuer=providers.Singleton(
            Enqueuer,
            redis_pool,
            namespace=hash_tag(NAMESPACE),
        ),
        encoder=providers.Singleton(TaskEncoder, codec=task_codec, new_id=new_id),
        queues=providers.Factory(publishable_queues, settings),
        most_bytes=settings.provided.task_max_bytes,
        clock=clock,
    )
    task_results = providers.Singleton(
        RedisTaskResults,
        redis,
        redis_pool,
        namespace=hash_tag(NAMESPACE),
    )
    broker = providers.Singleton(
        RedisBroker,
        client=providers.Singleton(connect_blocking, settings.provided.redis, redis_timeouts),
        timing=providers.Factory(_timing, settings),
        most_bytes=settings.provided.task_max_bytes,
    )
    scheduler = providers.Singleton(
        Scheduler,
        providers.Callable(plan, SCHEDULE, rows=task_publisher),
        rows=task_publisher,
        pool=redis_pool,
        namespace=hash_tag(NAMESPACE),
    )

    outbox_relay = providers.Singleton(OutboxRelay, engine=engine, transport=task_publisher)
    unit_of_work = providers.Factory(
        SqlAlchemyUnitOfWork,
        engine=engine,
        relay=outbox_relay,
        encoder=providers.Singleton(TaskEncoder, codec=task_codec, new_id=new_id, outbox_clock=clock),
        transport=task_publisher,
        within=database_timeouts.provided.statement,
    )
    completion_log = providers.Singleton(SqlAlchemyCompletionLog, engine)
    idempotency = providers.Singleton(SqlAlchemyIdempotency, engine)
    schedule_book = providers.Singleton(ScheduleInspector, redis_pool, namespace=hash_tag(NAMESPACE))
    task_inspector = providers.Singleton(
        RedisTaskInspector,
        redis,
        namespace=hash_tag(NAMESPACE),
        timing=providers.Factory(_timing, settings),
        completion_log=completion_log,
        schedules=schedule_book,
    )
    outbox_inspector = providers.Singleton(
        SqlAlchemyOutboxInspector, engine=engine, relay=outbox_relay, tasks=task_inspector
    )

    password_hasher = providers.Singleton(
        Argon2PasswordHasher,
        memory=settings.provided.password_hash_memory,
        time=settings.provided.password_hash_time,
        parallelism=settings.provided.password_hash_parallelism,
        threads=settings.provided.hashes_at_once,
    )
    password_policy = providers.Singleton(PasswordPolicy, min_length=settings.provided.password_min_length)
    token_issuer = providers.Singleton(
        JwtTokenIssuer,
        secret=settings.provided.jwt_secret,
        issuer=settings.provided.app_base_url,
        ttl=providers.Factory(timedelta, seconds=settings.provided.jwt_ttl),
        clock=clock,
    )

    email_sender = providers.Singleton(
        _email_sender,
        settings.provided.mail_url,
        providers.Singleton(
            MimeComposer,
            mail_from=settings.provided.mail_from,
            app_name=settings.provided.app_name,
            app_base_url=settings.provided.app_base_url,
            clock=clock,
        ),
    )

    register_user = providers.Factory(
        RegisterUser,
        uow=unit_of_work,
        password_hasher=password_hasher,
        password_policy=password_policy,
        token_issuer=token_issuer,
        clock=clock,
        new_id=new_id,
    )
    log_in = providers.Factory(
        LogIn, uow=unit_of_work, password_hasher=password_hasher, token_issuer=token_issuer
    )
    authenticate = providers.Factory(Authenticate, uow=unit_of_work, token_issuer=token_issuer)

    purge_outbox_handler = providers.Factory(
        PurgeOutboxHandler,
        history=providers.Singleton(SqlAlchemyTaskHistory, engine),
        done_for=providers.Factory(timedelta, days=settings.provided.outbox_retention_days),
    )
    purge_requests_handler = providers.Factory(
        PurgeRequestsHandler, history=providers.Singleton(SqlAlchemyRequestHistory, engine)
    )
    send_email_once = providers.Factory(
        SendEmailOnce,
        idempotency=idempotency,
        email_sender=email_sender,
        bulkhead=providers.Singleton(Bulkhead, settings.provided.mails_at_once),
    )
    send_welcome_email_handler = providers.Factory(SendWelcomeEmailHandler, send_email_once=send_email_once)
