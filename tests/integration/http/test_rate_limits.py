"""Limits on sign-ups and log-ins, as a client meets them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from tests.support.long_lockout import FIRST_WAIT, with_long_lockout
from tests.support.shared_application import shared_app_of

pytestmark = pytest.mark.anyio

PASSWORD, WRONG_PASSWORD = "correct horse battery", "wrong horse"
LOCKED_FOR = int(FIRST_WAIT.total_seconds())
CLIENT, OTHER_CLIENT = "198.51.100.1", "198.51.100.2"


@asynccontextmanager
async def served(settings: Settings, **limits: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client behind the proxy 127.0.0.1, which is the peer that httpx pretends to be."""
    limited = with_long_lockout(settings, **{"trusted_proxies": "127.0.0.1", **limits})
    container = Container(settings=limited)
    transport = httpx.ASGITransport(shared_app_of(container))  # type: ignore[arg-type]  # as in conftest.py
    async with (
        open_resources(container),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        yield client


async def sign_up(
    client: httpx.AsyncClient, email: str, *, address: str = CLIENT, **fields: Any
) -> httpx.Response:
    body = {"email": email, "name": "Ada", "password": PASSWORD, **fields}
    return await client.post("/api/v1/auth/register", json=body, headers={"X-Forwarded-For": address})


async def log_in(
    client: httpx.AsyncClient, email: str, password: str = WRONG_PASSWORD, *, address: str = CLIENT
) -> httpx.Response:
    body = {"email": email, "password": password}
    return await client.post("/api/v1/auth/login", json=body, headers={"X-Forwarded-For": address})


def assert_limited(response: httpx.Response, *, longest: int) -> None:
    assert response.status_code == 429, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["error_code"] == "RATE_LIMITED"
    assert 1 <= int(response.headers["Retry-After"]) <= longest


async def test_a_client_may_sign_up_a_few_times(settings: Settings) -> None:
    async with served(settings, rate_limit_sign_ups_per_client="2/hour") as client:
        statuses = [
            (await sign_up(client, email)).status_code
            for email in ("not an address", "ada@example.com", "ada@example.com")
        ]
        refused = await sign_up(client, "eve@example.com")
        other = await sign_up(client, "eve@example.com", address=OTHER_CLIENT)

    assert statuses == [422, 201, 409]
    assert_limited(refused, longest=3600)
    assert other.status_code == 201


async def test_weak_passwords_of_a_client_are_limited_too(settings: Settings) -> None:
    async with served(settings, rate_limit_sign_up_attempts_per_client="2/minute") as client:
        weak = [await sign_up(client, "ada@example.com", password="password") for _ in range(2)]
        refused = await sign_up(client, "ada@example.com", password="password")
        other = await sign_up(client, "ada@example.com", address=OTHER_CLIENT)

    assert [response.json()["error_code"] for response in weak] == ["PASSWORD_TOO_COMMON"] * 2
    assert_limited(refused, longest=60)
    assert other.status_code == 201


async def test_hosts_of_one_ipv6_network_are_one_client(settings: Settings) -> None:
    async with served(settings, rate_limit_sign_ups_per_client="1/hour") as client:
        first = await sign_up(client, "ada@example.com", address="2001:db8:1:2::1")
        same = await sign_up(client, "eve@example.com", address="2001:db8:1:2:3:4:5:6")
        other = await sign_up(client, "eve@example.com", address="2001:db8:1:3::1")

    assert (first.status_code, same.status_code, other.status_code) == (201, 429, 201)


async def test_a_forged_address_changes_nothing(settings: Settings) -> None:
    async with served(settings, rate_limit_logins_per_client="3/hour") as client:
        statuses = [
            (await log_in(client, "ada@example.com", address=f"203.0.113.{number}, {CLIENT}")).status_code
            for number in range(5)
        ]

    assert statuses == [401, 401, 401, 429, 429]


@pytest.mark.parametrize("trusted", ["none", "10.0.0.0/8"])
async def test_without_a_trusted_proxy_the_header_changes_nothing(settings: Settings, trusted: str) -> None:
    async with served(settings, rate_limit_logins_per_client="3/hour", trusted_proxies=trusted) as client:
        statuses = [
            (await log_in(client, "ada@example.com", address=f"198.51.100.{number}")).status_code
            for number in range(4)
        ]

    assert statuses == [401, 401, 401, 429]


async def test_all_clients_together_have_a_limit(settings: Settings) -> None:
    async with served(settings, rate_limit_logins="3/hour") as client:
        answers = [
            await log_in(client, f"user{number}@example.com", address=f"198.51.100.{number}")
            for number in range(4)
        ]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]


async def test_one_client_cannot_use_the_limit_of_all_up(settings: Settings) -> None:
    limits = {"rate_limit_logins_per_client": "2/hour", "rate_limit_logins": "5/hour"}
    async with served(settings, **limits) as client:
        for _ in range(10):
            await log_in(client, "ada@example.com")
        other = await log_in(client, "ada@example.com", address=OTHER_CLIENT)

    assert other.status_code == 401


@pytest.mark.parametrize("known", [True, False], ids=["an account", "no account"])
async def test_an_account_waits_after_failures_from_anywhere(settings: Settings, known: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    async with served(settings, rate_limit_login_failures="5/15 minutes") as client:
        if known:
            await sign_up(client, "ada@example.com")
        answers = [
            await log_in(client, spelling, address=f"198.51.100.{number}")
            for number, spelling in enumerate(["ada@example.com", " ADA@Example.com", "Ada@example.COM"] * 2)
        ]
        right = await log_in(client, "ada@example.com", PASSWORD, address=OTHER_CLIENT)
        other = await log_in(client, "eve@example.com")

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert_limited(answers[-1], longest=LOCKED_FOR)
    assert_limited(right, longest=LOCKED_FOR)
    assert other.status_code == 401


async def test_a_text_that_is_not_an_address_is_limited_in_the_same_way(settings: Settings) -> None:
    async with served(settings, rate_limit_login_failures="5/15 minutes") as client:
        statuses = [(await log_in(client, "\u674e not an address")).status_code for _ in range(6)]

    assert statuses == [401] * 5 + [429]


async def test_a_log_in_forgets_the_failures(settings: Settings) -> None:
    async with served(settings, rate_limit_login_failures="3/15 minutes") as client:
        await sign_up(client, "ada@example.com")
        statuses = [
            (await log_in(client, "ada@example.com", password)).status_code
            for password in ["wrong horse", "wrong horse", PASSWORD] * 3
        ]

    assert statuses == [401, 401, 200] * 3


async def test_a_session_goes_on_while_its_account_is_locked(settings: Settings) -> None:
    async with served(settings, rate_limit_login_failures="1/15 minutes") as client:
        token = (await sign_up(client, "ada@example.com")).json()["data"]["token"]
        await log_in(client, "ada@example.com")
        locked = await log_in(client, "ada@example.com", PASSWORD)
        me = await client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})

    assert (locked.status_code, me.status_code) == (429, 200)


async def test_a_refusal_is_logged_without_the_client_or_the_account(settings: Settings) -> None:
    limits = {"rate_limit_login_failures": "1/15 minutes", "rate_limit_logins_per_client": "2/hour"}
    async with served(settings, **limits) as client:
        with capture_logs() as logs:
            # The second one of two that begin at the same time has to wait.
            await asyncio.gather(*(log_in(client, "ada@example.com") for _ in range(2)))
            await log_in(client, "ada@example.com")

    events = [log for log in logs if log["event"].startswith("rate_limits.")]
    assert events == [
        {"event": "rate_limits.account_locked", "seconds": LOCKED_FOR, "log_level": "info"},
        {"event": "rate_limits.exhausted", "limit": "log_ins_per_client", "log_level": "info"},
    ]
    assert "ada" not in str(logs)
    assert CLIENT not in str(logs)
