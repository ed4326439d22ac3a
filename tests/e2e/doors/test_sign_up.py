"""A sign-up is the same at both doors, also if a client turns to both."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from internal.application.auth.register_user import IdempotencyKeyReused
from internal.domain.user import EmailAlreadyRegistered
from internal.ports.idempotent_requests import RequestInProgress
from tests.support.doors.door import Refusal, Refused, refusal_of
from tests.support.doors.operations import DOORS, PAIRS
from tests.support.doors.samples import new_email, sign_up
from tests.support.doors.site import Site

MANY = 20
# What a sign-up stores except for ids, times, secrets and the program of the client.
STORED_USER = "SELECT id FROM users WHERE email = %(email)s"
STORED = {
    "user": "SELECT * FROM users WHERE id = %(id)s",
    "tasks": """
        SELECT task_name, payload, options, followers, subject_id FROM outbox
        WHERE subject_id = %(id)s ORDER BY task_name
    """,
    "sessions": "SELECT * FROM sessions WHERE user_id = %(id)s",
    "events": "SELECT * FROM security_events WHERE subject_id = %(id)s ORDER BY id",
}
OWN = {
    *("id", "user_id", "actor_id", "subject_id", "request_id", "password_hash", "token_digest", "user_agent"),
    *("created_at", "updated_at", "last_used_at", "expires_at", "occurred_at"),
}


def without_own(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in OWN}


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_an_address_that_is_taken_at_one_door_is_taken_at_the_other(
    site: Site, here: str, there: str
) -> None:
    email = new_email()
    sign_up(site.client(here), email=email)

    refusal = refusal_of(lambda: sign_up(site.client(there), email=email.upper()))

    assert refusal == Refusal.of(EmailAlreadyRegistered())


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_a_key_repeats_a_sign_up_at_the_other_door(site: Site, here: str, there: str) -> None:
    email, key = new_email(), str(uuid4())
    first = sign_up(site.client(here).sending(idempotency_key=key), email=email)

    other = site.client(there).sending(idempotency_key=key)
    again = sign_up(other, email=email)
    reused = refusal_of(lambda: sign_up(other, email=email, name="Eve"))

    assert again.user == first.user
    assert site.client(here, again.token).me() == first.user
    assert reused == Refusal.of(IdempotencyKeyReused())


def test_one_of_many_simultaneous_sign_ups_at_both_doors_passes(site: Site) -> None:
    email = new_email()

    def attempt(door: str) -> str:
        try:
            sign_up(site.client(door), email=email)
        except Refused as refused:
            return refused.refusal.code
        return "signed up"

    with ThreadPoolExecutor(MANY) as pool:
        outcomes = Counter(pool.map(attempt, DOORS * (MANY // 2)))

    assert outcomes == {"signed up": 1, EmailAlreadyRegistered.code: MANY - 1}
    [user] = site.rows(STORED_USER, email=email)
    assert len(site.rows(STORED["tasks"], id=user["id"])) == 1


def test_one_key_for_many_simultaneous_sign_ups_at_both_doors_makes_one_user(site: Site) -> None:
    email, key = new_email(), str(uuid4())

    def attempt(door: str) -> UUID | str:
        try:
            return sign_up(site.client(door).sending(idempotency_key=key), email=email).user.id
        except Refused as refused:
            return refused.refusal.code

    with ThreadPoolExecutor(MANY) as pool:
        outcomes = set(pool.map(attempt, DOORS * (MANY // 2)))

    [user] = site.rows(STORED_USER, email=email)
    assert {user["id"]} <= outcomes <= {user["id"], RequestInProgress.code}


@pytest.mark.parametrize(("here", "there"), PAIRS)
@pytest.mark.parametrize(
    "password",
    [
        " kx7#mQ2p ",
        "kx7#\0mQ2p",
        "12345\n12345\nhorse",
        "\u00e9\u00df\u4e2d\U0001f642\u0939\u093f\u0928\u094d",
        "cafe\u0301 horse",
    ],
    ids=["spaces around", "NUL", "line breaks", "scripts", "two forms"],
)
def test_a_password_is_the_same_at_both_doors(site: Site, here: str, there: str, password: str) -> None:
    email = new_email()
    sign_up(site.client(here), email=email, password=password)

    client = site.client(there)
    wrong = refusal_of(lambda: client.log_in(email=email, password=password.strip() + " "))

    assert client.log_in(email=email, password=password).user.email == email
    assert wrong.code == "INVALID_CREDENTIALS"


def test_a_sign_up_stores_the_same_at_every_door(site: Site) -> None:
    stored = []
    for client in site.pair(*DOORS):
        user = sign_up(client).user
        rows = {
            table: [
                {name: value for name, value in row.items() if name not in OWN}
                for row in site.rows(query, id=user.id)
            ]
            for table, query in STORED.items()
        }
        assert all(rows.values())
        stored.append(str(rows).replace(str(user.id), "its id").replace(user.email, "its address"))

    assert stored[0] == stored[1]
