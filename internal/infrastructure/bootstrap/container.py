from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from dependency_injector import containers, providers

from internal.application.auth.authenticate import Authenticate
from internal.application.auth.log_in import LogIn
from internal.application.auth.register_user import RegisterUser
from internal.application.tasks.send_email_once import SendEmailOnce
from internal.application.tasks.send_welcome_email import SendWelcomeEmailHandler
from internal.domain.password_policy import PasswordPolicy
from internal.infrastructure.clock import SystemClock
from internal.infrastructure.database.engine import create_engine
from internal.infrastructure.database.idempotency import SqlAlchemyIdempotency
from internal.infrastructure.database.outbox import FORWARD_WITHIN, OutboxRelay
from internal.infrastructure.database.schema import SchemaVersion
from internal.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from internal.infrastructure.email.file_sender import FileEmailSender
from internal.infrastructure.email.mime import MimeComposer
from internal.infrastructure.email.smtp_sender import SmtpEmailSender, SmtpServer
from internal.infrastructure.security.argon2_password_hasher import Argon2PasswordHasher
from internal.infrastructure.security.jwt_token_issuer import JwtTokenIssuer
from internal.infrastructure.settings import Settings
from internal.infrastructure.task_codec import TaskCodec
from internal.infrastructure.taskqueue.broker import NAMESPACE, consuming_broker, publishing_broker
from internal.infrastructure.taskqueue.connection import connect
from internal.infrastructure.taskqueue.publisher import DramatiqTaskPublisher
from internal.infrastructure.worker.heartbeat import WorkerHeartbeat
from internal.infrastructure.worker.middleware import worker_middleware
from internal.infrastructure.worker.routes import ROUTES
from internal.ports.email_sender import EmailSender
from internal.ports.tasks import Queue

QUEUES = tuple(str(queue) for queue in Queue)


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

    engine = providers.Singleton(
        create_engine, settings.provided.database_url, pool_size=settings.provided.database_pool_size
    )
    schema_version = providers.Singleton(SchemaVersion, engine)
    redis = providers.Singleton(connect, settings.provided.redis)

    task_codec = providers.Singleton(TaskCodec, tuple(ROUTES))
    task_publisher = providers.Singleton(
        DramatiqTaskPublisher,
        broker=providers.Singleton(publishing_broker, settings.provided.redis, timeout=FORWARD_WITHIN),
        codec=task_codec,
        queues=QUEUES,
        clock=clock,
        new_id=new_id,
    )
    consuming_broker = providers.Singleton(
        consuming_broker,
        settings.provided.redis,
        middleware=providers.Factory(worker_middleware),
        queues=QUEUES,
    )
    worker_heartbeat = providers.Singleton(WorkerHeartbeat, redis=redis, namespace=NAMESPACE)

    outbox_relay = providers.Singleton(OutboxRelay, engine=engine, transport=task_publisher)
    unit_of_work = providers.Factory(
        SqlAlchemyUnitOfWork,
        engine=engine,
        relay=outbox_relay,
        codec=task_codec,
        transport=task_publisher,
        clock=clock,
        new_id=new_id,
    )
    idempotency = providers.Singleton(SqlAlchemyIdempotency, engine)

    password_hasher = providers.Singleton(
        Argon2PasswordHasher,
        memory=settings.provided.password_hash_memory,
        time=settings.provided.password_hash_time,
        parallelism=settings.provided.password_hash_parallelism,
        threads=settings.provided.password_hash_threads,
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

    send_email_once = providers.Factory(SendEmailOnce, idempotency=idempotency, email_sender=email_sender)
    send_welcome_email_handler = providers.Factory(SendWelcomeEmailHandler, send_email_once=send_email_once)
