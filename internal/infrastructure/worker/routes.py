"""The handler of each task, as the name of a provider in containers/tasks.py."""

from collections.abc import Mapping

from internal.application.tasks.count_log_in import CountLogIn
from internal.application.tasks.erase_traces import EraseTraces
from internal.application.tasks.purge_accounts import PurgeAccounts
from internal.application.tasks.purge_outbox import PurgeOutbox
from internal.application.tasks.purge_requests import PurgeRequests
from internal.application.tasks.send_email_change import SendEmailChange
from internal.application.tasks.send_email_changed import SendEmailChanged
from internal.application.tasks.send_password_changed import SendPasswordChanged
from internal.application.tasks.send_password_reset import SendPasswordReset
from internal.application.tasks.send_verification_email import SendVerificationEmail
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.ports.tasks import Task

ROUTES: Mapping[type[Task], str] = {
    CountLogIn: "count_log_in_handler",
    EraseTraces: "erase_traces_handler",
    PurgeAccounts: "purge_accounts_handler",
    PurgeOutbox: "purge_outbox_handler",
    PurgeRequests: "purge_requests_handler",
    SendEmailChange: "send_email_change_handler",
    SendEmailChanged: "send_email_changed_handler",
    SendPasswordChanged: "send_password_changed_handler",
    SendPasswordReset: "send_password_reset_handler",
    SendVerificationEmail: "send_verification_email_handler",
    SendWelcomeEmail: "send_welcome_email_handler",
}
