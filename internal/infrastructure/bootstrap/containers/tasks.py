from datetime import timedelta

from dependency_injector import containers, providers

from internal.application.tasks.bulkhead import Bulkhead
from internal.application.tasks.purge_outbox import PurgeOutboxHandler
from internal.application.tasks.purge_requests import PurgeRequestsHandler
from internal.application.tasks.send_email_once import SendEmailOnce
from internal.application.tasks.send_welcome_email import SendWelcomeEmailHandler
from internal.infrastructure.config.settings import Settings
from internal.ports.clock import Clock


class TasksContainer(containers.DeclarativeContainer):
    """The handlers of internal/application/tasks. A line of worker/routes.py names each."""

    settings = providers.Dependency(instance_of=Settings)
    clock: providers.Dependency[Clock] = providers.Dependency()
    database = providers.DependenciesContainer()
    email = providers.DependenciesContainer()

    send_email_once = providers.Factory(
        SendEmailOnce,
        idempotency=database.idempotency,
        email_sender=email.sender,
        bulkhead=providers.Singleton(Bulkhead, settings.provided.mails_at_once),
    )

    purge_outbox_handler = providers.Factory(
        PurgeOutboxHandler,
        history=database.task_history,
        done_for=providers.Factory(timedelta, days=settings.provided.outbox_retention_days),
    )
    purge_requests_handler = providers.Factory(PurgeRequestsHandler, history=database.request_history)
    send_welcome_email_handler = providers.Factory(SendWelcomeEmailHandler, send_email_once=send_email_once)
