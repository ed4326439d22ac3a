"""Access tokens that no door accepts, and ends of sessions that count at every door."""

from collections.abc import Callable
from functools import partial

import pytest

from internal.domain.account_token import InvalidAccountToken, TokenPurpose
from internal.domain.role import Role
from internal.domain.user import AccountDisabled, InvalidCredentials
from internal.infrastructure.security.token_key import shared_key
from internal.ports.refresh_tokens import InvalidRefreshToken
from internal.ports.token_issuer import InvalidToken
from tests.support.doors.client import Client, LoggedIn
from tests.support.doors.door import Refusal, refusal_of
from tests.support.doors.operations import DOORS
from tests.support.doors.samples import PASSWORD, sign_up
from tests.support.doors.site import Site
from tests.support.forged_tokens import forged

# gRPC refuses longer metadata before the program sees it.
LARGEST_TOKEN = 6 * 1024
NEW_PASSWORD = "battery staple"


@pytest.mark.parametrize("door", DOORS)
def test_refuses_every_forged_token(site: Site, door: str) -> None:
    good = site.account(role=Role.ADMIN).token
    key = shared_key(site.container.settings().jwt_secret)

    site.client(door, good).list_users()
    refusals = {
        name: refusal_of(site.client(door, token).list_users)
        for name, token in forged(good, key).items()
        if len(token) <= LARGEST_TOKEN
    }

    assert refusals == dict.fromkeys(refusals, Refusal.of(InvalidToken()))


@pytest.mark.parametrize("door", DOORS)
def test_takes_no_refresh_token_for_an_access_token(site: Site, door: str) -> None:
    client = site.client(door)
    tokens = sign_up(client)

    as_access = refusal_of(client.signed_in(tokens.refresh_token).me)
    as_refresh = refusal_of(lambda: client.refresh(refresh_token=tokens.token))

    assert as_access == Refusal.of(InvalidToken())
    assert as_refresh == Refusal.of(InvalidRefreshToken())


@pytest.mark.parametrize("door", DOORS)
def test_takes_no_token_with_a_space(site: Site, door: str) -> None:
    client, subject = site.client(door), site.account(is_verified=False)
    tokens = sign_up(client)
    mailed = site.token(subject, TokenPurpose.VERIFY_EMAIL)

    refreshed = refusal_of(partial(client.refresh, refresh_token=f"{tokens.refresh_token} "))
    verified = refusal_of(partial(client.verify_email, token=f" {mailed}"))

    assert refreshed == Refusal.of(InvalidRefreshToken())
    assert verified == Refusal.of(InvalidAccountToken())


def by_log_out(user: Client, _: Client, tokens: LoggedIn) -> None:
    user.log_out(refresh_token=tokens.refresh_token)


def by_its_user(user: Client, _: Client, __: LoggedIn) -> None:
    [session] = user.sessions()
    user.end_session(session.id)


def with_all_others(user: Client, _: Client, __: LoggedIn) -> None:
    user.end_all_sessions()


def by_another_password(user: Client, _: Client, tokens: LoggedIn) -> None:
    elsewhere = user.log_in(email=tokens.user.email, password=PASSWORD)
    user.signed_in(elsewhere.token).change_password(current_password=PASSWORD, new_password=NEW_PASSWORD)


def by_an_admin(_: Client, admin: Client, tokens: LoggedIn) -> None:
    assert admin.revoke_sessions(tokens.user.id) == 1


def by_disabling(_: Client, admin: Client, tokens: LoggedIn) -> None:
    admin.disable_user(tokens.user.id)


def by_removal(_: Client, admin: Client, tokens: LoggedIn) -> None:
    admin.remove_user(tokens.user.id)


def by_deletion(user: Client, _: Client, __: LoggedIn) -> None:
    user.delete_account(password=PASSWORD)


def by_a_stolen_token(user: Client, _: Client, tokens: LoggedIn) -> None:
    successor = user.refresh(refresh_token=tokens.refresh_token)
    user.refresh(refresh_token=successor.refresh_token)
    refusal_of(lambda: user.refresh(refresh_token=tokens.refresh_token))


ENDS = (
    by_log_out,
    by_its_user,
    with_all_others,
    by_another_password,
    by_an_admin,
    by_disabling,
    by_removal,
    by_deletion,
    by_a_stolen_token,
)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("there", DOORS)
@pytest.mark.parametrize("here", DOORS)
def test_a_session_that_ends_at_one_door_has_ended_at_the_other(
    site: Site, here: str, there: str, end: Callable[[Client, Client, LoggedIn], None]
) -> None:
    tokens = sign_up(site.client(there))
    user, admin = site.client(here, tokens.token), site.client(here, site.account(role=Role.ADMIN).token)
    at_other_door = site.client(there, tokens.token)
    assert at_other_door.me() == tokens.user

    end(user, admin, tokens)

    assert refusal_of(at_other_door.me) == Refusal.of(InvalidToken())
    refused = refusal_of(lambda: at_other_door.refresh(refresh_token=tokens.refresh_token))
    assert refused == Refusal.of(InvalidRefreshToken())


@pytest.mark.parametrize("there", DOORS)
@pytest.mark.parametrize("here", DOORS)
def test_a_user_who_is_disabled_at_one_door_cannot_log_in_at_the_other(
    site: Site, here: str, there: str
) -> None:
    admin = site.client(here, site.account(role=Role.ADMIN).token)
    subject, client = site.account(), site.client(there)
    email = subject.user.email.value

    admin.disable_user(subject.id)
    disabled = refusal_of(lambda: client.log_in(email=email, password=PASSWORD))
    guessed = refusal_of(lambda: client.log_in(email=email, password="wrong horse"))
    admin.enable_user(subject.id)

    assert disabled == Refusal.of(AccountDisabled())
    assert guessed == Refusal.of(InvalidCredentials())
    assert client.log_in(email=email, password=PASSWORD).user.id == subject.id


@pytest.mark.parametrize("there", DOORS)
@pytest.mark.parametrize("here", DOORS)
def test_a_user_who_is_removed_at_one_door_is_unknown_at_the_other(site: Site, here: str, there: str) -> None:
    admin = site.account(role=Role.ADMIN)
    subject, client = site.account(), site.client(there, admin.token)

    site.client(here, admin.token).remove_user(subject.id)

    assert refusal_of(lambda: client.view_user(subject.id)).code == "USER_NOT_FOUND"
    refused = refusal_of(lambda: client.log_in(email=subject.user.email.value, password=PASSWORD))
    assert refused == Refusal.of(InvalidCredentials())


@pytest.mark.parametrize("there", DOORS)
@pytest.mark.parametrize("here", DOORS)
def test_another_role_counts_at_both_doors_at_once(site: Site, here: str, there: str) -> None:
    admin, subject = site.account(role=Role.ADMIN), site.account()
    at_here, at_there = site.client(here, admin.token), site.client(there, subject.token)
    assert refusal_of(at_there.list_users).code == "NOT_PERMITTED"

    at_here.change_role(subject.id, role="viewer")

    assert at_there.list_users().entries
    assert refusal_of(lambda: at_there.rename_user(subject.id, name="Eve")).code == "NOT_PERMITTED"
