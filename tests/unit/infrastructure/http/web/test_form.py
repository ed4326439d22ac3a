from datetime import timedelta

import pytest

from internal.application.users.end_session import SessionNotFound
from internal.domain.errors import DomainError, RateLimited
from internal.domain.user import AccountDisabled, LastAdmin, UserChanged, WrongPassword
from internal.infrastructure.http.web.form import Refusal
from internal.ports.unavailable import Unavailable


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (UserChanged(), 409, "Your account was changed somewhere else at the same time. Please try again."),
        (LastAdmin(), 409, "You are the last administrator. Make somebody else an administrator first."),
        (SessionNotFound(), 404, "This session has ended already."),
        (AccountDisabled(), 403, "This account is disabled."),
        (RateLimited(timedelta(seconds=20)), 429, "Too many tries. Please try again in a minute."),
        (RateLimited(timedelta(seconds=61)), 429, "Too many tries. Please try again in 2 minutes."),
        (Unavailable("the database"), 503, "We cannot do this right now. Please try again in a minute."),
    ],
)
def test_says_in_plain_words_why_a_form_was_refused(
    error: DomainError | Unavailable, status: int, message: str
) -> None:
    refusal = Refusal.of(error)

    assert (refusal.status, refusal.message, refusal.errors) == (status, message, {})


def test_puts_a_wrong_password_beside_the_field_that_has_it() -> None:
    refusal = Refusal.of(WrongPassword(), password_field="current_password")

    assert (refusal.message, refusal.first_field) == (None, "current_password")
