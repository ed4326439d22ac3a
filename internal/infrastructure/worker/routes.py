"""The handler of each task, as the name of a provider in containers/tasks.py."""

from collections.abc import Mapping

from internal.application.tasks.purge_outbox import PurgeOutbox
from internal.application.tasks.purge_requests import PurgeRequests
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.ports.tasks import Task

ROUTES: Mapping[type[Task], str] = {
    PurgeOutbox: "purge_outbox_handler",
    PurgeRequests: "purge_requests_handler",
    SendWelcomeEmail: "send_welcome_email_handler",
}
