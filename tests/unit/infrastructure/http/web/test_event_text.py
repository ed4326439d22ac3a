from datetime import UTC, datetime

import pytest

from internal.domain.caller import Caller
from internal.domain.security_event import EventName, Result
from internal.infrastructure.http.web.account.event_text import TEXTS, event_text
from internal.ports.security_event_log import RecordedEvent


def event(name: str, **details: str) -> RecordedEvent:
    return RecordedEvent(
        id=1,
        occurred_at=datetime(2030, 1, 1, tzinfo=UTC),
        name=name,
        result=Result.SUCCESS,
        actor_id=None,
        subject_id=None,
        caller=Caller(address=None, user_agent=None, request_id=None),
        details=details,
    )


def test_every_kind_of_event_on_accounts_has_words() -> None:
    assert TEXTS.keys() == {name for name in EventName if not name.is_on_tasks}
    assert len(set(TEXTS.values())) == len(TEXTS)


@pytest.mark.parametrize(
    ("recorded", "text"),
    [
        (event(EventName.LOGIN_FAILED, reason="password"), "Log-in failed: wrong password"),
        (event(EventName.LOGIN_FAILED, reason="disabled"), "Log-in failed: the account was disabled"),
        (
            event(EventName.ADMIN_ROLE_CHANGED, before="user", role="admin", source="cli"),
            "Role changed from user to admin by an administrator",
        ),
        (event(EventName.ADMIN_ROLE_CHANGED), "Role changed by an administrator"),
        (event("user.of_a_newer_version"), "Other event: user.of_a_newer_version"),
    ],
)
def test_says_what_happened(recorded: RecordedEvent, text: str) -> None:
    assert event_text(recorded) == text
