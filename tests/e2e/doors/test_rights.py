"""Who may do what: one table for every door."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import pytest

from internal.domain.role import Role
from tests.support.doors.door import Refused
from tests.support.doors.operations import DOORS, OPERATIONS
from tests.support.doors.samples import samples
from tests.support.doors.site import Site

CALLERS = ("anonymous", "user", "other user", "viewer", "admin", "disabled", "ended", "expired")
ANYONE = ("yes",) * 8
SIGNED_IN = ("unknown", "yes", "yes", "yes", "yes", "unknown", "unknown", "unknown")
OWNER = ("unknown", "yes", "not found", "not found", "not found", "unknown", "unknown", "unknown")
VIEWERS = ("unknown", "denied", "denied", "yes", "yes", "unknown", "unknown", "unknown")
ADMINS = ("unknown", "denied", "denied", "denied", "yes", "unknown", "unknown", "unknown")
RIGHTS: Mapping[str, tuple[str, ...]] = {
    "sign_up": ANYONE,
    "log_in": ANYONE,
    "refresh": ANYONE,
    "log_out": ANYONE,
    "verify_email": ANYONE,
    "resend_verification": ANYONE,
    "confirm_email": ANYONE,
    "forgot_password": ANYONE,
    "reset_password": ANYONE,
    "me": SIGNED_IN,
    "rename": SIGNED_IN,
    "change_password": SIGNED_IN,
    "change_email": SIGNED_IN,
    "delete_account": SIGNED_IN,
    "sessions": SIGNED_IN,
    "end_session": OWNER,
    "end_all_sessions": SIGNED_IN,
    "security_events": SIGNED_IN,
    "export": SIGNED_IN,
    "list_users": VIEWERS,
    "view_user": VIEWERS,
    "rename_user": ADMINS,
    "remove_user": ADMINS,
    "enable_user": ADMINS,
    "disable_user": ADMINS,
    "change_role": ADMINS,
    "revoke_sessions": ADMINS,
    "start_password_reset": ADMINS,
    "all_security_events": ADMINS,
}
NO_ENTRY = {
    "MISSING_TOKEN": "unknown",
    "INVALID_TOKEN": "unknown",
    "NOT_PERMITTED": "denied",
    "SESSION_NOT_FOUND": "not found",
}


Tokens = Mapping[str, str | None]


def tokens_of_new_accounts(site: Site) -> Tokens:
    """By caller, except for the user, whom the request is about."""
    ended = site.account(role=Role.ADMIN)
    site.client("http", ended.token).end_all_sessions()
    return {
        "anonymous": None,
        "other user": site.account().token,
        "viewer": site.account(role=Role.VIEWER).token,
        "admin": site.account(role=Role.ADMIN).token,
        "disabled": site.account(role=Role.ADMIN, is_disabled=True).token,
        "ended": ended.token,
        "expired": site.earlier_token(site.account(role=Role.ADMIN), timedelta(days=1)),
    }


@pytest.fixture(scope="module")
def tokens(site: Site) -> Tokens:
    return tokens_of_new_accounts(site)


def entry(request: Callable[[], object]) -> str:
    """Whether the caller was let in. What happens then depends on the samples."""
    try:
        request()
    except Refused as refused:
        return NO_ENTRY.get(refused.refusal.code, "yes")
    return "yes"


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("door", DOORS)
def test_a_door_lets_in_those_whom_the_table_names(site: Site, tokens: Tokens, door: str, name: str) -> None:
    changes_its_caller = RIGHTS[name] in {SIGNED_IN, OWNER}
    others = tokens_of_new_accounts(site) if changes_its_caller else tokens
    found = {}
    for caller in CALLERS:
        subject = site.account()
        client = site.client(door, subject.token if caller == "user" else others[caller])
        found[caller] = entry(partial(client.ask, name, **samples(OPERATIONS[name], subject)))

    assert found == dict(zip(CALLERS, RIGHTS[name], strict=True))
