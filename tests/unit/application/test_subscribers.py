"""Which task follows from which event."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from internal.application.subscribers import tasks_of
from internal.application.tasks.count_log_in import CountLogIn
from internal.application.tasks.erase_traces import EraseTraces
from internal.application.tasks.send_password_changed import SendPasswordChanged
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.role import Role
from internal.domain.user import User
from internal.ports.tasks import Task

USER_ID, SESSION_ID = UUID(int=1), UUID(int=2)
THEN = datetime(2030, 3, 4, 12, tzinfo=UTC)
NOW = THEN + timedelta(days=1)


def registered(*, verified_at: datetime | None = None) -> User:
    return User.register(
        user_id=USER_ID,
        email=EmailAddress.parse("ada@example.com"),
        name=DisplayName.parse("Ada"),
        password_hash="hash",
        now=THEN,
        verified_at=verified_at,
    )


def tasks_after(*users: User) -> list[Task]:
    return [*tasks_of([user.recorded for user in users if user.recorded])]


def test_who_signs_up_is_welcomed() -> None:
    assert tasks_after(registered()) == [SendWelcomeEmail(user_id=USER_ID)]


def test_an_account_of_an_administrator_gets_no_mail() -> None:
    assert tasks_after(registered(verified_at=THEN)) == []


@pytest.mark.parametrize("change", [User.change_password, User.reset_password])
def test_a_new_password_is_announced(change: object) -> None:
    assert callable(change)

    changed = change(registered(), "another", now=NOW)

    assert tasks_after(changed) == [SendPasswordChanged(user_id=USER_ID, changed_at=NOW)]


def test_no_other_change_is_taken_for_a_new_password() -> None:
    user = registered()

    changed = [
        user.rename(DisplayName.parse("Countess"), now=NOW),
        user.verify_email(now=NOW),
        user.change_email(EmailAddress.parse("countess@example.com"), now=NOW),
        user.change_role(Role.ADMIN, now=NOW),
        user.disable(now=NOW),
        user.end_all_sessions(now=NOW),
    ]

    assert tasks_after(*changed) == []


def test_the_traces_of_a_deleted_account_are_erased() -> None:
    assert tasks_after(registered().delete(now=NOW)) == [EraseTraces(deleted_user_id=USER_ID)]


def test_a_log_in_is_counted() -> None:
    event = registered().logged_in(SESSION_ID, now=NOW)

    assert tasks_of([event]) == [CountLogIn(event_id=event.id, occurred_at=NOW)]
