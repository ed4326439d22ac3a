"""Each security event is one log line with the id of its request, and nobody can forge or read more there."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from internal.domain.account_token import TokenPurpose
from internal.domain.security_event import EventName
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.tables import security_events, users
from tests.support.configured_logging import configured_logging
from tests.support.mailed_tokens import PASSWORD, MailedTokens

pytestmark = pytest.mark.anyio

NEW_PASSWORD, WRONG_PASSWORD = "battery staple", "wrong horse canary"
FORGED = '"}\r\n{"event": "auth.logged_in", "actor_id": "canary"}\x1b[2J\u2028'
HEADERS = [(b"User-Agent", FORGED.encode()), (b"X-Forwarded-For", FORGED.encode())]
CANARIES = ("ada@example.com", "king@example.com", "Lovelace", "canary", PASSWORD, NEW_PASSWORD)
# The command line alone creates users, and the API does nothing to tasks.
OVER_HTTP = {name for name in EventName if not name.is_on_tasks} - {EventName.ADMIN_USER_CREATED}


class Client:
    """Sends requests, and remembers the tokens that it was given."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.secrets: set[str] = set()

    async def __call__(self, method: str, path: str, bearer: str = "", **body: str) -> Any:
        headers = [*HEADERS, *([(b"Authorization", f"Bearer {bearer}".encode())] if bearer else [])]
        response = await self._client.request(method, f"/api/v1{path}", headers=headers, json=body or None)
        assert response.status_code < 500
        data = response.json().get("data") or {}
        if isinstance(data, dict):
            self.secrets |= {data[name] for name in ("token", "refresh_token") if name in data}
        return data

    async def log_in(self, email: str, password: str = PASSWORD) -> Any:
        return await self("POST", "/auth/login", email=email, password=password)


async def live(container: Container, client: Client, site: MailedTokens) -> None:
    """Do everything that is an event."""
    admin, admin_headers = await site.sign_up("admin@example.com")
    ada, headers = await site.sign_up()
    token, boss = headers["Authorization"].split()[1], admin_headers["Authorization"].split()[1]
    denied = f"/admin/users/{ada.id}"
    await client("GET", denied, token)
    async with container.database.engine().begin() as connection:
        await connection.execute(update(users).where(users.c.id == admin.id).values(role="admin"))
    await use(client, "verify-email", await site.mailed(ada, TokenPurpose.VERIFY_EMAIL))
    await client.log_in("nobody.canary@example.com")
    for _ in range(6):
        await client.log_in("admin@example.com", WRONG_PASSWORD)
    await client("PATCH", "/users/me", token, name="Ada King")
    await client("POST", "/users/me/email", token, email="king@example.com", password=WRONG_PASSWORD)
    await client("POST", "/users/me/email", token, email="king@example.com", password=PASSWORD)
    confirmation = await site.mailed(ada, TokenPurpose.CONFIRM_EMAIL, email="king@example.com")
    await use(client, "confirm-email", confirmation)
    first, second = await client.log_in("king@example.com"), await client.log_in("king@example.com")
    sessions = await client("GET", "/users/me/sessions", first["token"])
    await client("DELETE", f"/users/me/sessions/{sessions[-1]['id']}", first["token"])
    await client("POST", "/auth/logout", refresh_token=second["refresh_token"])
    refreshed = await client("POST", "/auth/refresh", refresh_token=first["refresh_token"])
    await client("POST", "/auth/refresh", refresh_token=refreshed["refresh_token"])
    await client("POST", "/auth/refresh", refresh_token=first["refresh_token"])
    await change_passwords(client, site, await site.read(ada.id))
    await administrate(client, boss, str(ada.id))


async def change_passwords(client: Client, site: MailedTokens, ada: Any) -> None:
    session = await client.log_in("king@example.com")
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    await client("POST", "/users/me/password", session["token"], **change)
    reset = await site.mailed(ada, TokenPurpose.RESET_PASSWORD)
    await use(client, "reset-password", reset, password=PASSWORD)
    session = await client.log_in("king@example.com")
    await client("DELETE", "/users/me/sessions", session["token"])


async def administrate(client: Client, boss: str, ada_id: str) -> None:
    user = f"/admin/users/{ada_id}"
    await client("PUT", user, boss, name="Ada Lovelace")
    await client("POST", f"{user}/role", boss, role="viewer")
    await client("POST", f"{user}/password-reset", boss)
    await client("POST", f"{user}/sessions/revoke", boss)
    await client("POST", f"{user}/deactivate", boss)
    await client("POST", f"{user}/activate", boss)
    session = await client.log_in("king@example.com")
    other = await client("POST", "/auth/register", email="other@example.com", name="x", password=PASSWORD)
    await client("DELETE", "/users/me", session["token"], password=PASSWORD)
    await client("DELETE", f"/admin/users/{other['user']['id']}", boss)


async def use(client: Client, path: str, token: str, **more: str) -> None:
    client.secrets.add(token)
    await client("POST", f"/auth/{path}", token=token, **more)


async def test_every_event_is_one_line_with_the_id_of_its_request(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    strict = settings.model_copy(update={"rate_limit_login_failures": "5/15 minutes"})
    container = Container(settings=strict)
    transport = httpx.ASGITransport(app_of(container))  # type: ignore[arg-type]  # as in conftest.py
    async with open_resources(container), httpx.AsyncClient(transport=transport, base_url="http://t") as web:
        client = Client(web)
        with configured_logging(level="DEBUG"):
            await live(container, client, MailedTokens(web, container))
        async with container.database.engine().connect() as connection:
            rows = (await connection.execute(select(security_events).order_by(security_events.c.id))).all()

    printed = capsys.readouterr().out
    lines = [json.loads(line) for line in printed.splitlines()]
    logged = [line for line in lines if line["event"] in set(EventName)]
    assert {row.name for row in rows} == OVER_HTTP
    assert [(line["event"], line["request_id"]) for line in logged] == [
        (row.name, row.request_id) for row in rows
    ]
    requests = {line["request_id"] for line in lines if line["event"] == "http.request"}
    assert all(row.request_id in requests for row in rows)
    for canary in (*CANARIES, *client.secrets):
        assert canary.casefold() not in printed.casefold()
