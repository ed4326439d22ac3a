"""What a request says beside its fields: headers of HTTP, and metadata of gRPC with the same names."""

from collections.abc import Sequence
from functools import partial

import pytest

from internal.domain.errors import InvalidInput
from internal.domain.role import Role
from internal.infrastructure.inbound.access import MissingToken
from internal.ports.token_issuer import InvalidToken
from tests.support.doors.client import Client
from tests.support.doors.door import Refusal, refusal_of
from tests.support.doors.operations import DOORS
from tests.support.doors.samples import PASSWORD, new_email
from tests.support.doors.site import Site

pytestmark = pytest.mark.parametrize("door", DOORS)

MISSING: Sequence[Sequence[str]] = ([], [""], ["{}"], ["Bearer"], ["Basic {}"], ["JWT {}"], ["Bearer,{}"])
INVALID: Sequence[Sequence[str]] = (
    *(["Bearer  {}"], ["Bearer {} {}"], ["Bearer {},"], ["Bearer null"], ["Bearer {}", "Bearer {}"]),
    ["Bearer {}", "Basic x"],
)
ADDRESSES = {
    "203.0.113.9": "203.0.113.9",
    "198.51.100.1, 203.0.113.9": "203.0.113.9",
    "203.0.113.9:50000": "203.0.113.9",
    "[2001:db8::1]:443": "2001:db8::1",
    "2001:DB8:0::1": "2001:db8::1",
    "::ffff:203.0.113.9": "203.0.113.9",
    "unknown": "127.0.0.1",
    "203.0.113.9, nonsense": "127.0.0.1",
    "": "127.0.0.1",
}


def with_authorization(site: Site, door: str, values: Sequence[str]) -> Client:
    token = site.account(role=Role.VIEWER).token
    client = site.client(door)
    for value in values:
        client = client.sending(authorization=value.replace("{}", token))
    return client


@pytest.mark.parametrize("values", [["Bearer {}"], ["bearer {}"], ["BEARER {}"]], ids=str)
def test_takes_a_bearer_token(site: Site, door: str, values: Sequence[str]) -> None:
    assert with_authorization(site, door, values).list_users().entries


@pytest.mark.parametrize("values", MISSING, ids=str)
def test_finds_no_bearer_token(site: Site, door: str, values: Sequence[str]) -> None:
    client = with_authorization(site, door, values)

    assert refusal_of(client.list_users) == Refusal.of(MissingToken())


@pytest.mark.parametrize("values", INVALID, ids=str)
def test_refuses_a_bearer_token(site: Site, door: str, values: Sequence[str]) -> None:
    client = with_authorization(site, door, values)

    assert refusal_of(client.list_users) == Refusal.of(InvalidToken())


@pytest.mark.parametrize(
    "key", ["", '""', '"open', "a b", "x" * 256, 'in"side', "back\\slash"], ids=lambda key: repr(key[:9])
)
def test_refuses_an_idempotency_key(site: Site, door: str, key: str) -> None:
    client, email = site.client(door).sending(idempotency_key=key), new_email()

    refusal = refusal_of(partial(client.sign_up, email=email, name="Ada", password=PASSWORD))

    assert refusal == Refusal(
        kind=InvalidInput, code="BAD_REQUEST", message="The Idempotency-Key cannot be used"
    )
    assert site.rows("SELECT FROM users WHERE email = %(email)s", email=email) == []


@pytest.mark.parametrize(("forwarded", "address"), ADDRESSES.items(), ids=ADDRESSES)
def test_takes_the_address_of_a_client_from_a_trusted_proxy(
    site: Site, door: str, forwarded: str, address: str
) -> None:
    subject = site.account()
    client = Client(door=site.doors[door], headers=[("x-forwarded-for", forwarded)])

    client.log_in(email=subject.user.email.value, password=PASSWORD)

    [event] = site.events_on(subject)
    assert event["address"] == address


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ("trace-1.2_3", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("a b", False),
        ("", False),
        ("a;b", False),
    ],
    ids=lambda value: repr(value)[:9],
)
def test_takes_the_id_of_a_request_from_its_client(
    site: Site,
    door: str,
    given: str,
    is_taken: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    subject = site.account()
    client = site.client(door).sending(x_request_id=given)

    client.log_in(email=subject.user.email.value, password=PASSWORD)

    [event] = site.events_on(subject)
    assert (event["request_id"] == given) is is_taken
    assert event["request_id"]
