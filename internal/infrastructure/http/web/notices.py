"""What a page says after a form has led to it. The address has only a name, so nobody can choose the text."""

from collections.abc import Mapping

_TEXTS: Mapping[str, str] = {
    "account-deleted": "Your account is deleted.",
    "all-sessions-ended": "All your sessions are ended.",
    "email-change-requested": "If the new address can be used, an email to it is on its way. Open its link.",
    "log-in-first": "Log in to go on.",
    "logged-out": "You are logged out.",
    "name-changed": "Your name is changed.",
    "password-changed": "Your password is changed. All your other sessions are ended.",
    "password-reset": "Your new password is set. Log in with it.",
    "queue-paused": "The queue is paused: no more of its tasks start. Running tasks go on.",
    "queue-removed": "The queue is removed.",
    "queue-resumed": "The queue is resumed.",
    "schedule-busy": "Nothing was published: an equal task has not ended.",
    "schedule-paused": "The schedule is paused: nothing is published until you resume it.",
    "schedule-resumed": "The schedule goes on with its next run.",
    "schedule-run": "The task is published. A worker starts it as soon as it has a free slot.",
    "session-ended": "The session is ended.",
    "task-archive": "The task is archived. It runs only when you run it.",
    "task-cancel": "The task is being cancelled. It is archived when its handler has stopped.",
    "task-delete": "The task is deleted.",
    "task-run": "The task is pending. A worker starts it as soon as it has a free slot.",
    "verification-sent": "An email with a new link is on its way to you.",
    "welcome": "Welcome! We have sent you an email to confirm your address.",
    "worker-quiet": "The worker takes no more tasks within 5 seconds. Running tasks go on.",
    "worker-resume": "The worker takes tasks again within 5 seconds.",
    "worker-too-old": "This worker runs a version that cannot be made quiet.",
}


def notice_of(name: str | None) -> str | None:
    return _TEXTS.get(name) if name else None
