from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self
from uuid import UUID

from internal.domain.caller import Caller


class EventName(StrEnum):
    """The kinds of events on accounts and tasks. Log lines have the same names, which do not change."""

    REGISTERED = "auth.registered"
    LOGGED_IN = "auth.logged_in"
    LOGIN_FAILED = "auth.login_failed"
    ACCOUNT_LOCKED = "auth.account_locked"
    LOGGED_OUT = "auth.logged_out"
    REFRESH_REUSED = "auth.refresh_reused"
    EMAIL_VERIFIED = "auth.email_verified"
    PASSWORD_RESET = "auth.password_reset"  # noqa: S105 - a name, not a password
    REAUTHENTICATION_FAILED = "auth.reauthentication_failed"
    RENAMED = "user.renamed"
    SESSION_ENDED = "auth.session_ended"
    ALL_SESSIONS_ENDED = "auth.all_sessions_ended"
    PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 - a name, not a password
    EMAIL_CHANGE_REQUESTED = "user.email_change_requested"
    EMAIL_CHANGED = "user.email_changed"
    DELETED = "user.deleted"
    ADMIN_USER_CREATED = "admin.user_created"
    ADMIN_USER_RENAMED = "admin.user_renamed"
    ADMIN_ROLE_CHANGED = "admin.role_changed"
    ADMIN_USER_DISABLED = "admin.user_disabled"
    ADMIN_USER_ENABLED = "admin.user_enabled"
    ADMIN_SESSIONS_REVOKED = "admin.sessions_revoked"
    ADMIN_PASSWORD_RESET_STARTED = "admin.password_reset_started"  # noqa: S105 - a name, not a password
    ADMIN_USER_DELETED = "admin.user_deleted"
    DENIED = "auth.denied"
    # What operators do to tasks: see ON_TASKS.
    TASKS_PAUSE_QUEUE = "tasks.pause_queue"
    TASKS_RESUME_QUEUE = "tasks.resume_queue"
    TASKS_REMOVE_QUEUE = "tasks.remove_queue"
    TASKS_RUN = "tasks.run"
    TASKS_ARCHIVE = "tasks.archive"
    TASKS_DELETE = "tasks.delete"
    TASKS_CANCEL = "tasks.cancel"
    TASKS_ENQUEUE = "tasks.enqueue"
    TASKS_REDRIVE = "tasks.redrive"
    TASKS_DISCARD = "tasks.discard"
    TASKS_REVEAL_PAYLOAD = "tasks.reveal_payload"
    TASKS_QUIET_WORKER = "tasks.quiet_worker"
    TASKS_RESUME_WORKER = "tasks.resume_worker"
    TASKS_RUN_SCHEDULE = "tasks.run_schedule"
    TASKS_PAUSE_SCHEDULE = "tasks.pause_schedule"
    TASKS_RESUME_SCHEDULE = "tasks.resume_schedule"

    @property
    def is_on_tasks(self) -> bool:
        return self.startswith(ON_TASKS)


# The names of what operators do to tasks begin with it, in newer versions too.
ON_TASKS = "tasks."


class Result(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEvent:
    """Who did what to whom, from where, and with which result. It contains no address, name or secret.

    actor_id: the user who acted; None if nobody was authenticated, or the operator at the command line.
    operator: who acted at the command line, as `cli:<os user>@<host>`.
    subject_id: the user whose account is concerned; None if there is no such account.
    details: a few short facts for the reader, such as the reason of a failure.
    """

    name: EventName
    result: Result = Result.SUCCESS
    actor_id: UUID | None
    subject_id: UUID | None
    caller: Caller
    operator: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def on_own_account(
        cls, name: EventName, *, user_id: UUID, caller: Caller, result: Result = Result.SUCCESS
    ) -> Self:
        return cls(name=name, result=result, actor_id=user_id, subject_id=user_id, caller=caller)
