"""access_table.md: who may call which route, compared with the running application."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from dependency_injector import providers
from litestar.routes import HTTPRoute

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.bootstrap.server.process_health import ProcessHealth
from internal.infrastructure.config.settings import Settings
from tests.fakes.clock import FakeClock
from tests.support.accounts import Account, stored_account
from tests.support.shared_application import litestar_of

pytestmark = pytest.mark.anyio

TABLE = Path(__file__).with_name("access_table.md")
CALLERS = ("anonymous", "user", "other user", "viewer", "admin", "disabled", "unverified", "expired")
# No route has such a field, so a body of it never causes anything: a route that reads it answers 422.
BODY = {"unknown field": True}
NO_ENTRY = {401, 403, 404}

Row = Mapping[str, str]


def rows() -> dict[str, Row]:
    cells = [
        [cell.strip(" `") for cell in line.strip("|\n").split("|")]
        for line in TABLE.read_text().splitlines()
        if line.startswith("| `")
    ]
    return {route: dict(zip(CALLERS, row, strict=True)) for route, *row in cells}


def line_of(route: str, row: Row) -> str:
    return f"| `{route}` | {' | '.join(row[caller] for caller in CALLERS)} |"


def routes_of(container: Container) -> Iterator[str]:
    """Every method of every path, of the public and of the private listener."""
    for route in litestar_of(app_of(container)).routes:
        for method in sorted(route.methods - {"OPTIONS"}) if isinstance(route, HTTPRoute) else ():
            yield f"{method} {re.sub(r':[a-z]+}', '}', route.path)}"
    for path in ProcessHealth(list, expected=0).routes:
        yield f"GET {path} (private)"


def path_of(route: str, owner: Account) -> str:
    """The path with the ids of the owner, and of the owner's session."""
    return route.partition(" ")[2].format_map(Ids(user_id=owner.id, session_id=owner.session_id))


def answer_of(response: httpx.Response) -> str:
    if response.headers.get("location", "").startswith("/log-in?notice=log-in-first"):
        return "log in"
    return str(response.status_code) if response.status_code in NO_ENTRY else "yes"


class Ids(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return name


@pytest.fixture
async def headers(container: Container, settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """The headers of everybody but the user, who owns what a path names."""
    earlier = Container(settings=settings)
    earlier.clock.override(providers.Object(FakeClock(container.clock().now() - timedelta(days=1))))
    admin = await stored_account(container, role=Role.ADMIN)
    expired = earlier.security.token_issuer().issue(admin.id, session_id=admin.session_id)
    return {
        "anonymous": {},
        "other user": (await stored_account(container)).headers,
        "viewer": (await stored_account(container, role=Role.VIEWER)).headers,
        "admin": admin.headers,
        "disabled": (await stored_account(container, role=Role.ADMIN, is_disabled=True)).headers,
        "unverified": (await stored_account(container, is_verified=False)).headers,
        "expired": {"Authorization": f"Bearer {expired}"},
    }


async def test_every_route_has_a_row(container: Container) -> None:
    routes = set(routes_of(container))
    placeholder = dict.fromkeys(CALLERS, "yes/401/403/404")

    missing = [line_of(route, placeholder) for route in sorted(routes - rows().keys())]
    assert missing == [], "\n".join([f"Add to {TABLE.name}:", *missing])
    assert rows().keys() - routes == set(), f"{TABLE.name} has routes that are gone"


@pytest.mark.parametrize("route", [route for route in rows() if not route.endswith("(private)")])
async def test_a_route_lets_in_those_whom_the_table_names(
    container: Container, client: httpx.AsyncClient, headers: Mapping[str, Mapping[str, str]], route: str
) -> None:
    method = route.partition(" ")[0]
    body = None if method in {"GET", "DELETE"} else BODY
    found = {}
    for caller in CALLERS:
        owner = await stored_account(container)
        response = await client.request(
            method, path_of(route, owner), json=body, headers=headers.get(caller, owner.headers)
        )
        found[caller] = answer_of(response)

    assert line_of(route, found) == line_of(route, rows()[route]), f"Correct {TABLE.name}, or the route"


async def test_the_private_listener_asks_nobody_who_they_are() -> None:
    """Its requests have a path and nothing else: it reads no header."""
    private = {route: row for route, row in rows().items() if route.endswith("(private)")}

    assert {answer for row in private.values() for answer in row.values()} == {"yes"}
