"""The life of an account at one door, at the other, and at both in turn. Emails carry its tokens."""

import re
import time

import pytest

from internal.domain.account_token import InvalidAccountToken
from internal.domain.user import InvalidCredentials
from internal.ports.token_issuer import InvalidToken
from tests.support.doors.door import Refusal, refusal_of
from tests.support.doors.operations import DOORS
from tests.support.doors.samples import PASSWORD, new_email
from tests.support.doors.site import IN_TURN, Site
from tests.support.polling import eventually

pytestmark = pytest.mark.usefixtures("worker")

MAILED_WITHIN = 30  # seconds
# The newest first.
EVENTS = [
    *("auth.session_ended", "auth.logged_in", "auth.logged_in", "auth.login_failed", "auth.password_reset"),
    *("user.email_changed", "user.email_change_requested", "user.password_changed", "user.renamed"),
    *("auth.email_verified", "auth.registered"),
]
SECOND_PASSWORD, THIRD_PASSWORD = "green heron 9", "amber falcon 3"


def mailed_token(site: Site, email: str, kind: str) -> str:
    """The token of the only email of this kind to an address."""
    eventually(lambda: site.mails_to(email, kind) != [], within=MAILED_WITHIN)
    [message] = site.mails_to(email, kind)
    text = message.get_body(("plain",))
    assert text
    [token] = re.findall(r"token=([A-Za-z0-9_-]+)", text.get_content())
    return str(token)


@pytest.mark.parametrize("door", [*DOORS, IN_TURN])
def test_an_account_lives_as_long_as_its_user_wants(site: Site, door: str) -> None:
    client = site.client(door)
    email, new_address = new_email(), new_email()

    tokens = client.sign_up(email=email, name="Grace", password=PASSWORD)
    client.verify_email(token=mailed_token(site, email, "welcome"))
    client.resend_verification(email=email)
    tokens = client.refresh(refresh_token=tokens.refresh_token)
    user = client.signed_in(tokens.token)
    assert user.rename(name="Grace Hopper").name == user.me().name == "Grace Hopper"

    user.change_password(current_password=PASSWORD, new_password=SECOND_PASSWORD)
    user.change_email(email=new_address, password=SECOND_PASSWORD)
    confirmation = mailed_token(site, new_address, "email-change")
    client.confirm_email(token=confirmation)
    assert refusal_of(lambda: client.confirm_email(token=confirmation)) == Refusal.of(InvalidAccountToken())
    assert user.me().email == new_address

    client.forgot_password(email=new_address)
    client.reset_password(token=mailed_token(site, new_address, "password-reset"), password=THIRD_PASSWORD)
    assert refusal_of(user.me) == Refusal.of(InvalidToken())
    old = refusal_of(lambda: client.log_in(email=new_address, password=SECOND_PASSWORD))
    assert old == Refusal.of(InvalidCredentials())

    here = client.log_in(email=new_address, password=THIRD_PASSWORD)
    elsewhere = client.log_in(email=new_address, password=THIRD_PASSWORD)
    user = client.signed_in(here.token)
    [other] = [session for session in user.sessions() if not session.current]
    user.end_session(other.id)
    assert refusal_of(client.signed_in(elsewhere.token).me) == Refusal.of(InvalidToken())
    assert [event.name for event in user.security_events(limit=20)] == EVENTS

    user.delete_account(password=THIRD_PASSWORD)
    gone = refusal_of(lambda: client.log_in(email=new_address, password=THIRD_PASSWORD))
    assert gone == Refusal.of(InvalidCredentials())


def test_a_sign_up_at_any_door_sends_one_email(site: Site) -> None:
    emails = [new_email() for _ in DOORS]
    for door, email in zip(DOORS, emails, strict=True):
        site.client(door).sign_up(email=email, name="Ada Lovelace", password=PASSWORD)

    eventually(lambda: all(site.mails_to(email, "welcome") for email in emails), within=MAILED_WITHIN)

    # An email too many would come a little later.
    time.sleep(1)
    assert [len(site.mails_to(email)) for email in emails] == [1] * len(DOORS)
