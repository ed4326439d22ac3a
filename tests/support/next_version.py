"""A worker of the program's next version: with a task more, a field more of another, and a newer format."""

from dataclasses import dataclass
from typing import ClassVar

import cmd.worker
from internal.application.tasks import send_welcome_email
from internal.infrastructure.taskqueue.protocol import message_options
from internal.infrastructure.worker import routes
from internal.ports.tasks import TaskOptions

NEXT_FORMAT = max(message_options.KNOWN_FORMATS) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWelcomeEmail(send_welcome_email.SendWelcomeEmail):
    locale: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFarewell(send_welcome_email.SendWelcomeEmail):
    task_name: ClassVar[str] = "email:farewell"
    task_options: ClassVar[TaskOptions] = TaskOptions()


def main() -> None:
    newer = dict(routes.ROUTES)
    newer[SendWelcomeEmail] = newer[SendFarewell] = newer.pop(send_welcome_email.SendWelcomeEmail)
    routes.ROUTES = newer  # before `cmd.worker` imports the container, which reads them once
    message_options.KNOWN_FORMATS = (*message_options.KNOWN_FORMATS, NEXT_FORMAT)
    cmd.worker.main()


if __name__ == "__main__":
    main()
