"""Security events in plain words."""

from collections.abc import Mapping

from internal.domain.security_event import EventName
from internal.ports.security_event_log import RecordedEvent

TEXTS: Mapping[str, str] = {
    EventName.REGISTERED: "Account created",
    EventName.LOGGED_IN: "Logged in",
    EventName.LOGIN_FAILED: "Log-in failed: wrong password",
    EventName.ACCOUNT_LOCKED: "Log-ins paused after too many wrong passwords",
    EventName.LOGGED_OUT: "Logged out",
    EventName.REFRESH_REUSED: "Session ended, because someone may have copied it",
    EventName.EMAIL_VERIFIED: "Email address confirmed",
    EventName.PASSWORD_RESET: "Password reset by a link from an email",
    EventName.REAUTHENTICATION_FAILED: "Wrong password entered to change the account",
    EventName.RENAMED: "Name changed",
    EventName.SESSION_ENDED: "Session ended",
    EventName.ALL_SESSIONS_ENDED: "All sessions ended",
    EventName.PASSWORD_CHANGED: "Password changed",
    EventName.EMAIL_CHANGE_REQUESTED: "New email address requested",
    EventName.EMAIL_CHANGED: "Email address changed",
    EventName.DELETED: "Account deleted",
    EventName.ADMIN_USER_CREATED: "Account created by an administrator",
    EventName.ADMIN_USER_RENAMED: "Name changed by an administrator",
    EventName.ADMIN_ROLE_CHANGED: "Role changed by an administrator",
    EventName.ADMIN_USER_DISABLED: "Account disabled by an administrator",
    EventName.ADMIN_USER_ENABLED: "Account enabled by an administrator",
    EventName.ADMIN_SESSIONS_REVOKED: "All sessions ended by an administrator",
    EventName.ADMIN_PASSWORD_RESET_STARTED: "Password reset started by an administrator",
    EventName.ADMIN_USER_DELETED: "Account deleted by an administrator",
    EventName.DENIED: "Refused: not permitted for this account",
}


def event_text(event: RecordedEvent) -> str:
    """One line. A newer version may have recorded an event that has no words here."""
    match event.name, event.details:
        case EventName.LOGIN_FAILED, {"reason": "disabled"}:
            return "Log-in failed: the account was disabled"
        case EventName.ADMIN_ROLE_CHANGED, {"before": before, "role": role}:
            return f"Role changed from {before} to {role} by an administrator"
        case _:
            return TEXTS.get(event.name, f"Other event: {event.name}")
