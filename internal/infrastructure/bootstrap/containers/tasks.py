from datetime import timedelta

from dependency_injector import containers, providers

from internal.application.tasks.bulkhead import Bulkhead
from internal.application.tasks.count_log_in import CountLogInHandler
from internal.application.tasks.erase_traces import EraseTracesHandler
from internal.application.tasks.issue_link_token import IssueLinkToken
from internal.application.tasks.purge_accounts import PurgeAccountsHandler
from internal.application.tasks.purge_outbox import PurgeOutboxHandler
from internal.application.tasks.purge_requests import PurgeRequestsHandler
from internal.application.tasks.send_email_change import SendEmailChangeHandler
from internal.application.tasks.send_email_changed import SendEmailChangedHandler
from internal.application.tasks.send_email_once import SendEmailOnce
from internal.application.tasks.send_password_changed import SendPasswordChangedHandler
from internal.application.tasks.send_password_reset import SendPasswordResetHandler
from internal.application.tasks.send_verification_email import SendVerificationEmailHandler
from internal.application.tasks.send_welcome_email import SendWelcomeEmailHandler
from internal.infrastructure.config.settings import Settings
from internal.ports.clock import Clock


class TasksContainer(containers.DeclarativeContainer):
    """The handlers of internal/application/tasks. A line of worker/routes.py names each."""

    settings = providers.Dependency(instance_of=Settings)
    clock: providers.Dependency[Clock] = providers.Dependency()
    database = providers.DependenciesContainer()
    security = providers.DependenciesContainer()
    email = providers.DependenciesContainer()
    inspection = providers.DependenciesContainer()

    send_email_once = providers.Factory(
        SendEmailOnce,
        idempotency=database.idempotency,
        email_sender=email.sender,
        bulkhead=providers.Singleton(Bulkhead, settings.provided.mails_at_once),
    )

    issue_link_token = providers.Factory(
        IssueLinkToken,
        link_tokens=security.link_tokens,
        token_keeper=database.token_keeper,
        clock=clock,
    )

    count_log_in_handler = providers.Factory(CountLogInHandler, log_in_counts=database.log_in_counts)
    erase_traces_handler = providers.Factory(
        EraseTracesHandler, uow=database.unit_of_work, task_inspector=inspection.tasks
    )
    purge_accounts_handler = providers.Factory(
        PurgeAccountsHandler,
        history=database.account_history,
        events_for=providers.Factory(timedelta, days=settings.provided.security_event_retention_days),
    )
    purge_outbox_handler = providers.Factory(
        PurgeOutboxHandler,
        history=database.task_history,
        done_for=providers.Factory(timedelta, days=settings.provided.outbox_retention_days),
    )
    purge_requests_handler = providers.Factory(PurgeRequestsHandler, history=database.request_history)
    send_email_change_handler = providers.Factory(
        SendEmailChangeHandler,
        uow=database.unit_of_work,
        issue_link_token=issue_link_token,
        send_email_once=send_email_once,
    )
    send_email_changed_handler = providers.Factory(SendEmailChangedHandler, send_email_once=send_email_once)
    send_password_changed_handler = providers.Factory(
        SendPasswordChangedHandler, users=database.user_reader, send_email_once=send_email_once
    )
    send_password_reset_handler = providers.Factory(
        SendPasswordResetHandler,
        users=database.user_reader,
        issue_link_token=issue_link_token,
        send_email_once=send_email_once,
    )
    send_verification_email_handler = providers.Factory(
        SendVerificationEmailHandler,
        users=database.user_reader,
        issue_link_token=issue_link_token,
        send_email_once=send_email_once,
    )
    send_welcome_email_handler = providers.Factory(
        SendWelcomeEmailHandler,
        users=database.user_reader,
        issue_link_token=issue_link_token,
        send_email_once=send_email_once,
    )
