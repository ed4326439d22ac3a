"""Every kind of bad input, refused in the same words at every door."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import pytest

from internal.application.new_password import CommonPassword, PersonalPassword
from internal.application.users.end_session import SessionNotFound
from internal.domain.account_token import InvalidAccountToken, TokenPurpose
from internal.domain.display_name import InvalidDisplayName
from internal.domain.email_address import InvalidEmailAddress
from internal.domain.errors import DomainError, InvalidInput
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


# Fields, and how a request with them is refused.
Case = tuple[Mapping[str, Any], Refusal]


def case(error: DomainError, **fields: Any) -> Case:
    return fields, Refusal.of(error)


def all_with(field: str, values: Mapping[str, str], error: DomainError) -> Mapping[str, Case]:
    """The same error for each value of a field."""
    return {kind: case(error, **{field: value}) for kind, value in values.items()}


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
PAGES = {
    "negative limit": case(invalid(limit=PAGE_SIZE), limit=-1),
    "large limit": case(invalid(limit=PAGE_SIZE), limit=101),
    "malformed cursor": case(InvalidCursor(), cursor="x"),
}
USERS = {
    "negative page": case(invalid(page=PAGE_NUMBER), page=-1),
    "page that needs a cursor": case(invalid(page=PAGE_NUMBER), page=10_001),
    "page and cursor": case(invalid(page="must not be combined with a cursor"), page=1, cursor="x"),
    "invisible": case(invalid(q=INVISIBLE), q="\u202eada"),
    "NUL": case(invalid(q=INVISIBLE), q="ada\0"),
    "order": case(invalid(sort="is invalid"), sort="password_hash"),
    "role": case(invalid(role="is invalid"), role="root"),
    "state": case(invalid(state="is invalid"), state="' OR '1'='1"),
    "two": case(invalid(limit=PAGE_SIZE, q="must contain a letter or a digit"), limit=101, q="%"),
}
EVENTS = {
    "name": case(invalid(name="is invalid"), name="nonsense"),
    "result": case(invalid(result="is invalid"), result="maybe"),
    "actor": case(invalid(actor="is invalid"), actor="x"),
    "subject": case(invalid(subject="is invalid"), subject="\0"),
}
TOGETHER = {
    "every field": case(
        invalid(email="must be a valid email address", name=WRONG_LENGTH, password=PASSWORD_LENGTH),
        email="ada@",
        name="",
        password="short",
    ),
    "a common password beside a bad name": case(
        invalid(name=WRONG_LENGTH, password=CommonPassword().errors["password"][0]),
        name="",
        password="P@ssw0rd",
    ),
    "a password made of the name": case(PersonalPassword(), name="Ada Lovelace", password="lovelace2026"),
}
ROLES = {"unknown": "root", "capitals": "ADMIN", "space before it": " admin"}
WRONG_PASSWORDS = {"empty": "", "another": "wrong horse", "long": "x" * 20_000}
NOT_UTF_8 = (b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"Ada\xc3")


def with_field(field: str) -> list[str]:
    return [name for name, operation in OPERATIONS.items() if field in operation.fields]


def assert_refused(site: Site, door: str, name: str, cases: Mapping[str, Case]) -> None:
    """Send a request for each case, with its fields and otherwise good ones, each as a new client."""
    operation, subject = OPERATIONS[name], site.account()
    caller = site.account(role=Role.ADMIN) if operation.is_for_administrators else subject
    good = samples(operation, subject)
    if name == "reset_password":
        good["token"] = site.token(subject, TokenPurpose.RESET_PASSWORD)

    found = {
        kind: refusal_of(partial(site.client(door, caller.token).ask, name, **{**good, **changed}))
        for kind, (changed, _) in cases.items()
    }

    assert found == {kind: refusal for kind, (_, refusal) in cases.items()}


@pytest.mark.parametrize("operation", with_field("email"))
def test_refuses_an_email_address(site: Site, door: str, operation: str) -> None:
    # A log-in does not tell an address that nobody can have from one that nobody has.
    error = InvalidCredentials() if operation == "log_in" else InvalidEmailAddress()

    assert_refused(site, door, operation, all_with("email", EMAILS, error))


@pytest.mark.parametrize("operation", with_field("name"))
def test_refuses_a_name(site: Site, door: str, operation: str) -> None:
    cases = {kind: case(InvalidDisplayName(message), name=name) for kind, (name, message) in NAMES.items()}

    assert_refused(site, door, operation, cases)


@pytest.mark.parametrize("operation", ["sign_up", "reset_password", "change_password"])
def test_refuses_a_new_password(site: Site, door: str, operation: str) -> None:
    field = "new_password" if operation == "change_password" else "password"
    cases = {
        kind: ({field: password}, replace(Refusal.of(error), errors={field: error.errors["password"]}))
        for kind, (password, error) in PASSWORDS.items()
    }

    assert_refused(site, door, operation, cases)


@pytest.mark.parametrize("operation", with_field("token"))
def test_refuses_the_token_of_an_email(site: Site, door: str, operation: str) -> None:
    assert_refused(site, door, operation, all_with("token", TOKENS, InvalidAccountToken()))


@pytest.mark.parametrize("operation", with_field("refresh_token"))
def test_refuses_a_refresh_token(site: Site, door: str, operation: str) -> None:
    assert_refused(site, door, operation, all_with("refresh_token", TOKENS, InvalidRefreshToken()))


@pytest.mark.parametrize("operation", with_field("user_id"))
def test_finds_no_user(site: Site, door: str, operation: str) -> None:
    assert_refused(site, door, operation, all_with("user_id", IDS, UserNotFound()))


def test_finds_no_session(site: Site, door: str) -> None:
    assert_refused(site, door, "end_session", all_with("session_id", IDS, SessionNotFound()))


@pytest.mark.parametrize("operation", ["list_users", "sessions", "security_events", "all_security_events"])
def test_refuses_a_page(site: Site, door: str, operation: str) -> None:
    assert_refused(site, door, operation, PAGES)


def test_refuses_to_list_users(site: Site, door: str) -> None:
    assert_refused(site, door, "list_users", USERS)


def test_refuses_to_list_events(site: Site, door: str) -> None:
    assert_refused(site, door, "all_security_events", EVENTS)


def test_refuses_a_role(site: Site, door: str) -> None:
    assert_refused(site, door, "change_role", all_with("role", ROLES, invalid(role="is invalid")))


@pytest.mark.parametrize("operation", ["change_password", "change_email", "delete_account"])
def test_refuses_a_password_that_is_not_the_users(site: Site, door: str, operation: str) -> None:
    field = "current_password" if operation == "change_password" else "password"

    assert_refused(site, door, operation, all_with(field, WRONG_PASSWORDS, WrongPassword()))


def test_judges_the_fields_of_a_sign_up_together(site: Site, door: str) -> None:
    assert_refused(site, door, "sign_up", TOGETHER)


@pytest.mark.parametrize("operation", ["sign_up", "log_in", "rename", "change_password", "verify_email"])
def test_refuses_text_that_is_not_utf_8(site: Site, door: str, operation: str) -> None:
    fields, token = OPERATIONS[operation].fields, site.account().token

    for field, text in product(fields, NOT_UTF_8):
        given = {name: text if name == field else b"correct horse" for name in fields}
        refusal = refusal_of(partial(site.client(door, token).ask_with_bytes, operation, given))

        # No field can be named: the message is unreadable as a whole.
        assert (refusal.kind, refusal.code, refusal.errors) == (InvalidInput, "BAD_REQUEST", {})
