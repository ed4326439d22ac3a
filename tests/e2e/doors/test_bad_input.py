"""Every kind of bad input, refused in the same words at every door."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from internal.application.new_password import CommonPassword, PersonalPassword
from internal.application.users.end_session import SessionNotFound
from internal.domain.account_token import InvalidAccountToken, TokenPurpose
from internal.domain.display_name import InvalidDisplayName
from internal.domain.email_address import InvalidEmailAddress
from internal.domain.errors import InvalidInput
from internal.domain.password_policy import UnacceptablePassword
from internal.domain.role import Role
from internal.domain.user import InvalidCredentials, UserNotFound, WrongPassword
from internal.ports.cursors import InvalidCursor
from internal.ports.refresh_tokens import InvalidRefreshToken
from tests.support.doors.door import Refusal, refusal_of
from tests.support.doors.operations import DOORS, OPERATIONS
from tests.support.doors.samples import samples
from tests.support.doors.site import Site

pytestmark = pytest.mark.parametrize("door", DOORS)


def invalid(**fields: str) -> InvalidInput:
    """Each field has one problem."""
    return InvalidInput({name: [message] for name, message in fields.items()})


EMAILS = {
    "empty": "",
    "no domain": "ada",
    "no top-level domain": "ada@example",
    "65 characters before the at": f"{'a' * 65}@example.com",
    "255 characters": f"ada@{'a' * 51}.{'a.' * 98}com",
    "60,000 characters": f"{'a' * 60_000}@example.com",
    "another header": "ada@example.com\r\nBcc: eve@example.com",
    "NUL": "ada\0@example.com",
    "right to left": "\u202eada@example.com",
    "zero width": "ada\u200b@example.com",
    "not ASCII": "ada@ex\u00e4mple.com",
    "two": "ada@example.com,eve@example.com",
}
WRONG_LENGTH = "must be between 1 and 100 characters"
INVISIBLE = "must not contain control or invisible characters"
NAMES = {
    "empty": ("", WRONG_LENGTH),
    "blank": (" \u3000", WRONG_LENGTH),
    "101 characters": ("x" * 101, WRONG_LENGTH),
    "401 code points": ("e" + "\u0334" * 400, f"{WRONG_LENGTH}, of at most 400 code points"),
    "60,000 characters": ("x" * 60_000, f"{WRONG_LENGTH}, of at most 400 code points"),
    "another header": ("Ada\r\nBcc: eve@example.com", INVISIBLE),
    "NUL": ("Ada\0", INVISIBLE),
    "terminal sequence": ("\x1b[2JAda", INVISIBLE),
    "right to left": ("Ada\u202egnp.exe", INVISIBLE),
    "isolate": ("Ada\u2066", INVISIBLE),
    "zero width": ("\u200b", INVISIBLE),
    "noncharacter": ("Ada\ufffe", INVISIBLE),
    "no letter": ("1234", "must contain a letter or an emoji"),
    "loose joiner": ("\u200dAda", "must not contain joiners except between letters, marks or emoji"),
}
PASSWORD_LENGTH = "must be between 8 and 128 characters"
PASSWORDS = {
    "empty": ("", UnacceptablePassword(PASSWORD_LENGTH)),
    "7 characters": ("kx7#mQ2", UnacceptablePassword(PASSWORD_LENGTH)),
    "129 characters": ("kx7#mQ2p" * 16 + "x", UnacceptablePassword(PASSWORD_LENGTH)),
    "60,000 characters": ("kx7#mQ2p" * 7_500, UnacceptablePassword(PASSWORD_LENGTH)),
    "common": ("P@ssw0rd", CommonPassword()),
    "pattern": ("29112026", CommonPassword()),
    "name of the service": ("PyHexaClean1", PersonalPassword()),
}
TOKENS = {"empty": "", "short": "x", "unknown": "A" * 43, "long": "A" * 5_000, "not ASCII": "\u00e9" * 43}
IDS = {
    "unknown": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    "short": "x",
    "without hyphens": "8e03978e40d543ddbc936894a57f9324",
    "braces": "{8e03978e-40d5-43dd-bc93-6894a57f9324}",
    "NUL": "8e03978e-40d5-43dd-bc93-6894a57f932\0",
    "SQL": "' OR '1'='1",
    "not ASCII": "\u0661",
}
PAGE_SIZE = "must be between 1 and 100"
PAGE_NUMBER = "must be between 1 and 10000; use a cursor to go further"
PAGES: Mapping[str, tuple[Mapping[str, Any], InvalidInput]] = {
    "negative limit": ({"limit": -1}, invalid(limit=PAGE_SIZE)),
    "large limit": ({"limit": 101}, invalid(limit=PAGE_SIZE)),
    "malformed cursor": ({"cursor": "x"}, InvalidCursor()),
}
QUERIES: Mapping[str, tuple[Mapping[str, Any], InvalidInput]] = {
    "negative page": ({"page": -1}, invalid(page=PAGE_NUMBER)),
    "page that needs a cursor": ({"page": 10_001}, invalid(page=PAGE_NUMBER)),
    "page and cursor": ({"page": 1, "cursor": "x"}, invalid(page="must not be combined with a cursor")),
    "invisible": ({"q": "\u202eada"}, invalid(q=INVISIBLE)),
    "NUL": ({"q": "ada\0"}, invalid(q=INVISIBLE)),
    "order": ({"sort": "password_hash"}, invalid(sort="is invalid")),
    "role": ({"role": "root"}, invalid(role="is invalid")),
    "state": ({"state": "' OR '1'='1"}, invalid(state="is invalid")),
    "two": ({"limit": 101, "q": "%"}, invalid(limit=PAGE_SIZE, q="must contain a letter or a digit")),
}


def with_field(field: str) -> list[str]:
    return [name for name, operation in OPERATIONS.items() if field in operation.fields]


def assert_refused(site: Site, door: str, name: str, changed: Mapping[str, Any], refusal: Refusal) -> None:
    """Send a request with these fields, and good ones otherwise."""
    operation, subject = OPERATIONS[name], site.account()
    fields = samples(operation, subject)
    if name == "reset_password" and "token" not in changed:
        fields["token"] = site.token(subject, TokenPurpose.RESET_PASSWORD)
    caller = site.account(role=Role.ADMIN) if operation.is_for_administrators else subject

    client = site.client(door, caller.token)

    assert refusal_of(partial(client.ask, name, **{**fields, **changed})) == refusal


@pytest.mark.parametrize("email", EMAILS.values(), ids=EMAILS)
@pytest.mark.parametrize("operation", with_field("email"))
def test_refuses_an_email_address(site: Site, door: str, operation: str, email: str) -> None:
    # A log-in does not tell an address that nobody can have from one that nobody has.
    error = InvalidCredentials() if operation == "log_in" else InvalidEmailAddress()

    assert_refused(site, door, operation, {"email": email}, Refusal.of(error))


@pytest.mark.parametrize(("name", "message"), NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("operation", with_field("name"))
def test_refuses_a_name(site: Site, door: str, operation: str, name: str, message: str) -> None:
    assert_refused(site, door, operation, {"name": name}, Refusal.of(InvalidDisplayName(message)))


@pytest.mark.parametrize(("password", "error"), PASSWORDS.values(), ids=PASSWORDS)
@pytest.mark.parametrize("operation", ["sign_up", "reset_password", "change_password"])
def test_refuses_a_new_password(
    site: Site, door: str, operation: str, password: str, error: UnacceptablePassword
) -> None:
    field = "new_password" if operation == "change_password" else "password"
    refusal = replace(Refusal.of(error), errors={field: error.errors["password"]})

    assert_refused(site, door, operation, {field: password}, refusal)


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize("operation", with_field("token"))
def test_refuses_the_token_of_an_email(site: Site, door: str, operation: str, token: str) -> None:
    assert_refused(site, door, operation, {"token": token}, Refusal.of(InvalidAccountToken()))


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize("operation", with_field("refresh_token"))
def test_refuses_a_refresh_token(site: Site, door: str, operation: str, token: str) -> None:
    assert_refused(site, door, operation, {"refresh_token": token}, Refusal.of(InvalidRefreshToken()))


@pytest.mark.parametrize("user_id", IDS.values(), ids=IDS)
@pytest.mark.parametrize("operation", with_field("user_id"))
def test_finds_no_user(site: Site, door: str, operation: str, user_id: str) -> None:
    assert_refused(site, door, operation, {"user_id": user_id}, Refusal.of(UserNotFound()))


@pytest.mark.parametrize("session_id", IDS.values(), ids=IDS)
def test_finds_no_session(site: Site, door: str, session_id: str) -> None:
    assert_refused(site, door, "end_session", {"session_id": session_id}, Refusal.of(SessionNotFound()))


@pytest.mark.parametrize(("query", "error"), PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("operation", ["list_users", "sessions", "security_events", "all_security_events"])
def test_refuses_a_page(
    site: Site, door: str, operation: str, query: Mapping[str, Any], error: InvalidInput
) -> None:
    assert_refused(site, door, operation, query, Refusal.of(error))


@pytest.mark.parametrize(("query", "error"), QUERIES.values(), ids=QUERIES)
def test_refuses_to_list_users(site: Site, door: str, query: Mapping[str, Any], error: InvalidInput) -> None:
    assert_refused(site, door, "list_users", query, Refusal.of(error))


@pytest.mark.parametrize(
    "query", [{"name": "nonsense"}, {"result": "maybe"}, {"actor": "x"}, {"subject": "\0"}], ids=str
)
def test_refuses_to_list_events(site: Site, door: str, query: Mapping[str, str]) -> None:
    error = invalid(**dict.fromkeys(query, "is invalid"))

    assert_refused(site, door, "all_security_events", query, Refusal.of(error))


@pytest.mark.parametrize("role", ["root", "ADMIN", " admin"])
def test_refuses_a_role(site: Site, door: str, role: str) -> None:
    assert_refused(site, door, "change_role", {"role": role}, Refusal.of(invalid(role="is invalid")))


@pytest.mark.parametrize("operation", ["change_password", "change_email", "delete_account"])
@pytest.mark.parametrize("password", ["", "wrong horse", "x" * 20_000], ids=["empty", "wrong", "long"])
def test_refuses_a_password_that_is_not_the_users(
    site: Site, door: str, operation: str, password: str
) -> None:
    field = "current_password" if operation == "change_password" else "password"

    assert_refused(site, door, operation, {field: password}, Refusal.of(WrongPassword()))


def test_refuses_a_password_that_is_made_of_the_users_name(site: Site, door: str) -> None:
    personal = {"name": "Ada Lovelace", "password": "lovelace2026"}

    assert_refused(site, door, "sign_up", personal, Refusal.of(PersonalPassword()))


def test_names_every_bad_field_at_once(site: Site, door: str) -> None:
    bad = {"email": "ada@", "name": "", "password": "short"}
    error = invalid(email="must be a valid email address", name=WRONG_LENGTH, password=PASSWORD_LENGTH)

    assert_refused(site, door, "sign_up", bad, Refusal.of(error))


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"Ada\xc3"], ids=repr)
@pytest.mark.parametrize("operation", ["sign_up", "log_in", "rename", "change_password", "verify_email"])
def test_refuses_text_that_is_not_utf_8(site: Site, door: str, operation: str, text: bytes) -> None:
    fields = OPERATIONS[operation].fields
    client = site.client(door, site.account().token)

    for field in fields:
        given = {name: text if name == field else b"correct horse" for name in fields}
        refusal = refusal_of(partial(client.ask_with_bytes, operation, given))

        # No field can be named: the message is unreadable as a whole.
        assert (refusal.kind, refusal.errors) == (InvalidInput, {})
