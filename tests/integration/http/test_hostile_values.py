"""Every value that a caller chooses, on every route of the API document, as an attacker would choose it.

The caller is an admin: nobody gets further into the program.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import users
from tests.support.accounts import Account, stored_account
from tests.support.api_operations import FORM, JSON, Draft, Operation, operations_of

pytestmark = pytest.mark.anyio

DOCUMENT = "/api/v1/swagger/spec"
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
PROBLEM = "application/problem+json"

NULS = ("\0", "a\0b", "correct horse\0", "ada@example.com\0")
SQL = (
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    "1) UNION SELECT email FROM users --",
    "x' AND pg_sleep(5) IS NOT NULL --",
    "$$; SELECT pg_sleep(5); $$",
    "\\'; SELECT pg_sleep(5) --",
    "id DESC, (SELECT pg_sleep(5))",
)
TEXTS = (
    "",
    " ",
    "x" * 20_000,
    "e" + "\u0301" * 5_000,
    "\r\nBcc: eve@example.com",
    "\x1b[2J\x07",
    "\u202egnp.exe",
    "\u200b",
    "\ufffe\uffff\U0010ffff",
    "\ud800",
    "\udfff\ud800",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "{{7*7}}",
    "${jndi:ldap://evil.example/a}",
    "<script>alert(1)</script>",
    "%s%n%x",
    "../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "\u0661\u0662",
)
NUMBERS = ("-1", "0", "1e9", "1000000000", "-0", "0x10", "NaN", "Infinity", "1e400", "9" * 20, "9" * 5_000)
TIMES = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-14:00",
    "2030-02-30T00:00:00Z",
    "2030-01-01T24:00:00Z",
    "2030-06-30T23:59:60Z",
    "-0001-01-01T00:00:00Z",
    "99999-01-01T00:00:00Z",
)
OTHER_TYPES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63,
    10**400,
    1.5,
    [],
    ["ada@example.com"],
    {},
    {"$ne": ""},
    [[[[]]]],
    {"toString": {}},
)
EVERY_KIND: Mapping[str, Sequence[Any]] = {
    "texts": TEXTS,
    "numbers": NUMBERS,
    "times": TIMES,
}
CHOSEN_HEADERS = (
    "User-Agent",
    "X-Request-ID",
    "X-Forwarded-For",
    "Idempotency-Key",
    "Cookie",
    "Origin",
    "X-CSRF-Token",
)
MORE_FIELDS = (
    "role",
    "roles",
    "is_admin",
    "is_active",
    "email_verified",
    "verified_at",
    "disabled_at",
    "version",
    "sessions_valid_from",
    "id",
    "user_id",
    "created_at",
    "password_hash",
    "__class__",
)


@dataclass(frozen=True)
class Site:
    client: httpx.AsyncClient
    container: Container
    operations: Sequence[Operation]

    async def draft(self, operation: Operation) -> tuple[Draft, Account]:
        """A request by a new admin about a new user."""
        admin = await stored_account(self.container, role=Role.ADMIN)
        user = await stored_account(self.container)
        return Draft(
            operation, {"user_id": user.id, "session_id": user.session_id}, headers=admin.headers
        ), user

    async def answer(self, draft: Draft, place: str, name: str, value: Any) -> httpx.Response:
        response = await self.client.request(**draft.request(place, name, value))
        where = f"{draft.operation}: {name} = {value!r:.60}"
        assert response.status_code in draft.operation.statuses, f"{where}: {response.text}"
        assert response.status_code < 500, where
        assert_shape(response, where)
        if response.is_error and place != "path" and is_recognisable(value):
            assert value not in response.text, where
        return response

    async def stored_users(self) -> list[Any]:
        async with self.container.database.engine().connect() as connection:
            return [tuple(row) for row in await connection.execute(select(users).order_by(users.c.id))]


def is_recognisable(value: object) -> bool:
    """Whether JSON and the words of our messages would show it as it is."""
    return isinstance(value, str) and len(value) > 5 and json.dumps(value) == f'"{value}"'


def assert_shape(response: httpx.Response, where: str) -> None:
    """The headers of every answer, and the type of its body."""
    assert HEADERS.items() <= dict(response.headers).items(), where
    assert response.headers["cache-control"] == "no-store", where
    is_oauth_error = "error_description" in response.text
    expected = PROBLEM if response.is_error and not is_oauth_error else JSON
    assert response.headers["content-type"].partition(";")[0] == expected, where


@pytest.fixture
async def site(client: httpx.AsyncClient, container: Container) -> Site:
    document = (await client.get(DOCUMENT)).json()
    return Site(client, container, operations_of(document))


@pytest.mark.long
@pytest.mark.parametrize("kind", EVERY_KIND)
async def test_every_text_in_every_place_is_answered_as_documented(site: Site, kind: str) -> None:
    for operation in site.operations:
        for place, name in operation.places():
            draft, _ = await site.draft(operation)
            # Numbers and times mean something in a query or a path alone.
            for value in EVERY_KIND[kind] if place != "body" or kind == "texts" else ():
                # Without an id, it is another route.
                if value or place != "path":
                    await site.answer(draft, place, name, value)


async def test_refuses_a_nul_in_every_place_but_a_password(site: Site) -> None:
    """Only the hash of a password is stored. Its every character counts."""
    accepted = set()
    for operation in site.operations:
        for place, name in operation.places():
            draft, _ = await site.draft(operation)
            for value in NULS:
                response = await site.answer(draft, place, name, value)
                if response.status_code < 400:
                    accepted.add((str(operation), name))

    assert accepted == {("POST /api/v1/auth/register", "password"), ("POST /api/v1/auth/token", "password")}


async def test_no_value_of_another_type_fits_into_a_field(site: Site) -> None:
    for operation in site.operations:
        if operation.content_type == JSON:
            draft, _ = await site.draft(operation)
            for name in operation.fields:
                for value in OTHER_TYPES:
                    response = await site.answer(draft, "body", name, value)

                    assert response.status_code == 422
                    assert name in response.json()["errors"]


@pytest.mark.long
async def test_sql_finds_changes_and_delays_nothing(site: Site) -> None:
    slowest = 0.0
    for operation in site.operations:
        for place, name in operation.places():
            draft, user = await site.draft(operation)
            for value in SQL:
                started = time.monotonic()
                response = await site.answer(draft, place, name, value)
                slowest = max(slowest, time.monotonic() - started)

                assert place != "query" or str(user.id) not in response.text
            assert (await site.client.get("/api/v1/users/me", headers=user.headers)).status_code == 200

    # pg_sleep would take 5.
    assert slowest < 4


async def test_no_body_takes_a_field_that_is_not_the_callers_to_set(site: Site) -> None:
    for operation in site.operations:
        if operation.content_type == JSON:
            more = {name: "admin" for name in MORE_FIELDS if name not in operation.fields}
            draft, _ = await site.draft(operation)
            before = await site.stored_users()

            body = json.dumps(operation.body | more).encode()
            response = await site.client.request(**{**draft.request(), "content": body})

            assert response.status_code == 422, str(operation)
            assert response.json()["errors"] == {name: ["is unknown"] for name in more}
            assert await site.stored_users() == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b'{"x": "\xff"}',
        b'{"x": "\\ud800"}',
        b"[" * 990 + b"]" * 990,
        b"[" * 50_000,
        b"\xef\xbb\xbf{}",
    ],
    ids=lambda body: repr(body[:16]),
)
async def test_every_body_must_be_one_json_object(site: Site, body: bytes) -> None:
    for operation in site.operations:
        if operation.content_type == JSON:
            draft, _ = await site.draft(operation)

            response = await site.client.request(**{**draft.request(), "content": body})

            assert response.status_code == 400, str(operation)
            assert_shape(response, str(operation))


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ],
)
async def test_every_body_must_have_its_type(site: Site, content_type: str | None) -> None:
    for operation in site.operations:
        if operation.content_type in {JSON, FORM}:
            draft, _ = await site.draft(operation)
            request = draft.request()
            del request["headers"]["Content-Type"]
            request["headers"] |= {"Content-Type": content_type} if content_type else {}

            response = await site.client.request(**request)

            assert response.status_code == 415, str(operation)
            assert_shape(response, str(operation))


@pytest.mark.parametrize("accept", ["application/xml", "text/html", "*/*;q=0", "nonsense", "\0", ""])
async def test_answers_json_whatever_is_accepted(site: Site, accept: str) -> None:
    for operation in site.operations:
        draft, _ = await site.draft(operation)

        await site.answer(draft, "header", "Accept", accept)


@pytest.mark.long
@pytest.mark.parametrize("name", CHOSEN_HEADERS)
async def test_every_header_is_answered_as_documented(site: Site, name: str) -> None:
    for operation in site.operations:
        draft, _ = await site.draft(operation)
        for value in ("\0", "\u00fc\udcff", "=;,=", "a" * 8000, "' OR '1'='1"):
            await site.answer(draft, "header", name, value)


async def test_a_host_that_nobody_has_changes_nothing(site: Site) -> None:
    for operation in site.operations:
        draft, _ = await site.draft(operation)
        for host in ("evil.example", "x:99999999", "\0", "a" * 8000, "[::1"):
            response = await site.client.request(**draft.request("header", "Host", host))

            assert response.status_code in operation.statuses | {400}, f"{operation} {host}"
            assert "evil.example" not in response.text
            assert_shape(response, f"{operation} {host}")


async def test_invalid_utf_8_in_a_path_or_query_is_answered_as_documented(site: Site) -> None:
    for operation in site.operations:
        for place, name in operation.parameters:
            draft, _ = await site.draft(operation)
            request = draft.request(place, name, "marker")
            for raw in ("%ff", "%ed%a0%80", "%c0%80", "%", "%zz", "%2500"):
                url = request["url"].replace("marker", raw)

                response = await site.client.request(**{**request, "url": url})

                assert response.status_code in operation.statuses, f"{operation} {url}"
                assert_shape(response, url)
