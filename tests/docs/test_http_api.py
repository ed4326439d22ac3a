"""docs/http-api.md: its routes, bodies, headers, problems and codes are those of the application."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from internal.domain.account_token import VALID_FOR, TokenPurpose
from internal.domain.errors import DomainError
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.http.api_document.problem_examples import ERROR_CODES
from internal.infrastructure.http.errors import code_of, status_of
from tests.support.documented_examples import ROOT, blocks, table
from tests.support.shared_application import shared_app_of
from tools.api_document import COPY
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
    "EQUAL_TASK_EXISTS",
    "FAILURE_GROUP_NOT_FOUND",
    "NOT_AUTHENTICATED",
    "NOT_FOUND",
    "OUTBOX_ROW_NOT_FOUND",
    "QUEUE_NOT_EMPTY",
    "QUEUE_NOT_FOUND",
    "SCHEDULE_NOT_FOUND",
    "TASK_NOT_FOUND",
    "WORKER_NOT_FOUND",
    "WORKER_TOO_OLD",
}


@pytest.fixture
async def client(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    # httpx does not know Litestar's ASGI types.
    transport = httpx.ASGITransport(shared_app_of(container), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


def kinds_below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for error in kind.__subclasses__():
        yield error
        yield from kinds_below(error)


@pytest.fixture
def document() -> dict[str, Any]:
    """The accepted copy, which test_api_document.py compares with the application."""
    document: dict[str, Any] = json.loads(COPY.read_text())
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_lists_the_routes_with_their_statuses(document: dict[str, Any]) -> None:
    routes = {
        request: sorted(operation["responses"].keys() - {"500"})
        for request, operation in operations(document)
    }

    described = {
        request.strip("`"): sorted(re.findall(r"\b\d{3}\b", f"{success} {problems}"))
        for request, _, success, problems in table(PAGE, "routes")
    }
    assert described.pop("GET /api/v1/swagger") == ["200", "404"]
    assert described.pop(f"GET {OPENAPI}`, `/spec.yaml") == ["200", "404"]
    assert described == routes


def test_lists_the_fields_of_bodies(document: dict[str, Any]) -> None:
    described = {
        request.strip("`"): set(re.findall(r"`(\w+)`", body)) for request, body, *_ in table(PAGE, "routes")
    }

    for request, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {"": {"schema": {"$ref": ""}}})
        [media] = content.values()
        name = media["schema"]["$ref"].rpartition("/")[2]
        fields = document["components"]["schemas"][name]["properties"] if name else {}
        assert described[request] == fields.keys(), request


def test_lists_the_headers(document: dict[str, Any]) -> None:
    described = {
        direction: {
            re.split(r"[`:]", cell)[1] for cell, each, _ in table(PAGE, "headers") if each == direction
        }
        for direction in ("request", "response")
    }

    parameters = [each for _, operation in operations(document) for each in operation.get("parameters", [])]
    schemes = document["components"]["securitySchemes"].values()
    keys = {scheme["name"] for scheme in schemes if scheme.get("in") == "header"}
    named = {each["name"] for each in parameters if each["in"] == "header"}
    # The bearer scheme means the one, and every request may have the other.
    assert described["request"] == {"Authorization", "X-Request-ID"} | keys | named
    assert described["response"] == document["components"]["headers"].keys()


def test_lists_the_parameters_of_the_users(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/api/v1/admin/users"]["get"]["parameters"]

    described = {
        name.strip("`"): (values, default.strip("`")) for name, values, default in table(PAGE, "users")
    }

    schemas = document["components"]["schemas"]
    assert described.keys() == {each["name"] for each in parameters} - {"limit", "cursor"}
    for each in parameters:
        [schema] = each["schema"].get("allOf", [each["schema"]])
        schema = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
        if each["name"] in described:
            values, default = described[each["name"]]
            assert {value.strip("-") for value in schema.get("enum", [])} <= set(re.findall(r"\w+", values))
            assert default == schema.get("default", default)


async def test_shows_a_problem_as_it_is(client: httpx.AsyncClient) -> None:
    described = json.loads(blocks(PAGE)["problem"])

    response = await client.post(described["instance"], json={"email": "x", "name": "", "password": "short"})

    problem = response.json()
    assert problem.pop("meta").keys() == described.pop("meta").keys()
    assert (response.headers["content-type"], problem) == ("application/problem+json", described)


def test_lists_the_codes_with_their_statuses() -> None:
    kinds = {kind.code: kind for kind in kinds_below(DomainError)}
    codes = {code.strip("`"): int(status) for code, status, _ in table(PAGE, "codes")}

    assert codes.keys() | NOT_IN_HTTP == kinds.keys()
    assert codes.keys() <= ERROR_CODES
    assert ERROR_CODES - codes.keys() == {code_of(HTTPStatus(status)) for status in OF_STATUS}
    for code, status in codes.items():
        # The kind of an error alone decides on its status.
        assert status == status_of(kinds[code].__new__(kinds[code])), code


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
