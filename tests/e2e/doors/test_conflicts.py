"""Requests that were good once, or are good for others: the same conflicts at every door."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from internal.application.admin.start_password_reset import UserDisabled
from internal.domain.account_token import InvalidAccountToken, TokenPurpose
from internal.domain.operator import OwnAccount
from internal.domain.role import Role
from internal.domain.user import EmailAlreadyRegistered
from internal.ports.refresh_tokens import InvalidRefreshToken
from tests.support.doors.door import Refusal, refusal_of
from tests.support.doors.operations import DOORS, OPERATIONS, PAIRS
from tests.support.doors.samples import new_email, samples, sign_up
from tests.support.doors.site import Site

MANY = 20


@pytest.mark.parametrize("operation", ["remove_user", "disable_user", "change_role"])
@pytest.mark.parametrize("door", DOORS)
def test_admins_cannot_lock_themselves_out(site: Site, door: str, operation: str) -> None:
    admin = site.account(role=Role.ADMIN)
    client = site.client(door, admin.token)

    refusal = refusal_of(partial(client.ask, operation, **samples(OPERATIONS[operation], admin)))

    assert refusal == Refusal.of(OwnAccount())
    assert client.view_user(admin.id).role == "admin"


@pytest.mark.parametrize("door", DOORS)
def test_a_disabled_user_gets_no_email_for_a_new_password(site: Site, door: str) -> None:
    admin, subject = site.account(role=Role.ADMIN), site.account(is_disabled=True)
    client = site.client(door, admin.token)

    refusal = refusal_of(partial(client.start_password_reset, subject.id))

    assert refusal == Refusal.of(UserDisabled())


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_an_address_that_was_taken_since_cannot_be_confirmed(site: Site, here: str, there: str) -> None:
    subject, email = site.account(), new_email()
    token = site.token(subject, TokenPurpose.CONFIRM_EMAIL, email=email)
    sign_up(site.client(here), email=email)

    refusal = refusal_of(partial(site.client(there).confirm_email, token=token))

    assert refusal == Refusal.of(EmailAlreadyRegistered())


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_the_token_of_an_email_works_once(site: Site, here: str, there: str) -> None:
    subject = site.account(is_verified=False)
    token = site.token(subject, TokenPurpose.VERIFY_EMAIL)

    site.client(here).verify_email(token=token)
    refusal = refusal_of(partial(site.client(there).verify_email, token=token))

    assert refusal == Refusal.of(InvalidAccountToken())


@pytest.mark.parametrize("purpose", TokenPurpose)
@pytest.mark.parametrize("door", DOORS)
def test_the_token_of_an_email_works_for_its_purpose_alone(
    site: Site, door: str, purpose: TokenPurpose
) -> None:
    client, token = site.client(door), site.token(site.account(is_verified=False), purpose)
    others = {
        TokenPurpose.VERIFY_EMAIL: partial(client.verify_email, token=token),
        TokenPurpose.CONFIRM_EMAIL: partial(client.confirm_email, token=token),
        TokenPurpose.RESET_PASSWORD: partial(client.reset_password, token=token, password="green heron 9"),
    }
    use = others.pop(purpose)

    refusals = [refusal_of(other) for other in others.values()]

    assert refusals == [Refusal.of(InvalidAccountToken())] * 2
    use()


def test_simultaneous_refreshes_at_both_doors_get_one_successor(site: Site) -> None:
    tokens = sign_up(site.client("http"))

    def refreshed(door: str) -> str:
        return site.client(door).refresh(refresh_token=tokens.refresh_token).refresh_token

    with ThreadPoolExecutor(MANY) as pool:
        successors = Counter(pool.map(refreshed, DOORS * (MANY // 2)))

    [(successor, count)] = successors.items()
    assert count == MANY
    assert successor != tokens.refresh_token


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_a_refresh_token_that_was_used_at_both_doors_ends_its_session(
    site: Site, here: str, there: str
) -> None:
    first = sign_up(site.client(here))
    second = site.client(there).refresh(refresh_token=first.refresh_token)
    third = site.client(here).refresh(refresh_token=second.refresh_token)

    stolen = refusal_of(partial(site.client(there).refresh, refresh_token=first.refresh_token))

    assert stolen == Refusal.of(InvalidRefreshToken())
    for door in (here, there):
        ended = refusal_of(partial(site.client(door).refresh, refresh_token=third.refresh_token))
        assert ended == Refusal.of(InvalidRefreshToken())
