"""docs/http-api.md: its routes, problems and codes are those of the application."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from http import HTTPStatus

import httpx
import pytest

from internal.domain.account_token import VALID_FOR, TokenPurpose
from internal.domain.errors import DomainError
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.http.api_document.problem_examples import ERROR_CODES
from internal.infrastructure.http.errors import code_of
from tests.support.documented_examples import ROOT, blocks, table
from tests.support.shared_application import shared_app_of
from tools.mail_preview import SAMPLES, body, messages

pytestmark = pytest.mark.anyio

PAGE = ROOT / "docs" / "http-api.md"
OPENAPI = "/api/v1/swagger/spec"
# Statuses whose name is the code of a problem.
OF_STATUS = (400, 404, 405, 408, 413, 415, 500, 503)
# Codes of the kinds of error, and of errors that only the command line raises.
NOT_IN_HTTP = {
    "CONFLICT",
    "CROSS_SITE_FORM",  # only pages check it, which show no codes
    "NOT_AUTHENTICATED",
    "NOT_FOUND",
    "OUTBOX_ROW_NOT_FOUND",
    "QUEUE_NOT_EMPTY",
    "QUEUE_NOT_FOUND",
    "SCHEDULE_NOT_FOUND",
    "TASK_NOT_FOUND",
}


@pytest.fixture
async def client(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    # httpx does not know Litestar's ASGI types.
    transport = httpx.ASGITransport(shared_app_of(container), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


def codes_below(kind: type[DomainError]) -> Iterator[str]:
    for error in kind.__subclasses__():
        yield error.code
        yield from codes_below(error)


async def test_lists_the_routes_with_their_statuses(client: httpx.AsyncClient) -> None:
    paths = (await client.get(OPENAPI)).json()["paths"]

    routes = {
        f"{method.upper()} {path}": sorted(operation["responses"].keys() - {"500"})
        for path, methods in paths.items()
        for method, operation in methods.items()
    }

    described = {
        request.strip("`"): sorted(re.findall(r"\b\d{3}\b", f"{success} {problems}"))
        for request, _, success, problems in table(PAGE, "routes")
    }
    assert described.pop("GET /api/v1/swagger") == ["200", "404"]
    assert described.pop(f"GET {OPENAPI}`, `/spec.yaml") == ["200", "404"]
    assert described == routes


async def test_shows_a_problem_as_it_is(client: httpx.AsyncClient) -> None:
    described = json.loads(blocks(PAGE)["problem"])

    response = await client.post(described["instance"], json={"email": "x", "name": "", "password": "short"})

    problem = response.json()
    assert problem.pop("meta").keys() == described.pop("meta").keys()
    assert (response.headers["content-type"], problem) == ("application/problem+json", described)


def test_lists_the_codes() -> None:
    codes = {code.strip("`") for code, _, _ in table(PAGE, "codes")}

    assert codes | NOT_IN_HTTP == set(codes_below(DomainError))
    assert codes <= ERROR_CODES
    assert ERROR_CODES - codes == {code_of(HTTPStatus(status)) for status in OF_STATUS}


def test_describes_the_links_of_emails() -> None:
    emails = dict(messages())
    described = {
        kind: (page.strip("`"), route.strip("`"), time)
        for kinds, page, route, time in table(PAGE, "links")
        for kind in re.findall(r"[\w-]+", kinds)
    }

    assert described.keys() == {kind for kind, variables in SAMPLES.items() if "token" in variables}
    for kind, (page, route, time) in described.items():
        assert f"https://users.example{page}?token=" in body(emails[kind], "plain")
        assert f"The link works once, for {time}." in body(emails[kind], "plain")
        assert route == f"POST /api/v1/auth{page}"
        assert VALID_FOR[TokenPurpose(page.removeprefix("/"))] == timedelta(hours=int(time.split()[0]))
