"""Which tasks follow from which event. Each is retried alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from internal.application.tasks.count_log_in import CountLogIn
from internal.application.tasks.erase_traces import EraseTraces
from internal.application.tasks.send_password_changed import SendPasswordChanged
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.domain.events import Event, UserCreated, UserDeleted, UserLoggedIn, UserUpdated
from internal.ports.tasks import Task

# `on` of a task returns the task for an event, or None if the event is not for it.
SUBSCRIBERS: Mapping[type[Event], Sequence[Callable[[Any], Task | None]]] = {
    UserCreated: [SendWelcomeEmail.on],
    UserUpdated: [SendPasswordChanged.on],
    UserDeleted: [EraseTraces.on],
    UserLoggedIn: [CountLogIn.on],
}


def tasks_of(events: Sequence[Event]) -> Sequence[Task]:
    """Return the tasks of all subscribers to these events."""
    return [task for event in events for on in SUBSCRIBERS[type(event)] if (task := on(event))]
