"""Which handler does which task: one line for each task, naming a provider of the container."""

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
