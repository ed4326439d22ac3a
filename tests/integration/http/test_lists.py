"""All lists of the API page, filter and fail the same way. The OpenAPI document says which there are."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from internal.domain.role import Role
from internal.domain.session import Session
from internal.infrastructure.bootstrap.container import Container
from tests.support.accounts import NOBODY, Account, stored_account
from tools.api_document import COPY

pytestmark = pytest.mark.anyio

REF = "#/components/schemas/"
DOCUMENT = json.loads(COPY.read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
# Any text can be searched for.
TEXTS = {"q"}


@dataclass(frozen=True)
class List:
    path: str
    parameters: Mapping[str, Mapping[str, Any]]
    answer: Mapping[str, Any]
    statuses: frozenset[str]

    def __str__(self) -> str:
        return self.path


def lists() -> list[List]:
    """Every GET whose `data` is an array."""
    found = []
    for path, methods in DOCUMENT["paths"].items():
        if operation := methods.get("get"):
            answer = resolved(operation["responses"]["200"]["content"]["application/json"]["schema"])
            if answer["properties"].get("data", {}).get("type") == "array":
                parameters = {each["name"]: each["schema"] for each in operation.get("parameters", [])}
                found.append(List(path, parameters, answer, frozenset(operation["responses"])))
    return found


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").removeprefix(REF)
    return SCHEMAS[name] if name else schema


LISTS = lists()
each_list = pytest.mark.parametrize("each", LISTS, ids=str)


@pytest.fixture
async def admin(container: Container) -> Account:
    """One for whom every list has at least four entries."""
    account = await stored_account(container, role=Role.ADMIN)
    now = container.clock().now()
    for number in range(3):
        await stored_account(container)
        began = now - timedelta(minutes=number // 2)
        session = Session.begin(session_id=uuid4(), user_id=account.id, caller=NOBODY, now=began)
        async with container.database.unit_of_work() as uow:
            await uow.sessions.add(session, token_digest=uuid4().bytes * 2)
            await uow.commit()
    return account


@pytest.fixture
async def get(client: httpx.AsyncClient, admin: Account) -> Any:
    for name in ("Ada", "Grace", "Mary", "Edith"):
        await client.patch("/api/v1/users/me", json={"name": name}, headers=admin.headers)

    async def get(path: str, query: str = "", *, status: int = 200) -> Any:
        response = await client.get(f"{path}?{query}", headers=admin.headers)
        assert response.status_code == status, f"{path}?{query}: {response.text}"
        return response.json()

    return get


def test_there_are_lists() -> None:
    assert {each.path for each in LISTS} >= {"/api/v1/admin/users", "/api/v1/users/me/sessions"}


@each_list
def test_is_documented_like_the_others(each: List) -> None:
    first = LISTS[0]
    assert {**each.parameters["limit"], "default": 0} == {**first.parameters["limit"], "default": 0}
    assert each.parameters["cursor"] == first.parameters["cursor"]
    assert each.answer["properties"]["meta"] == first.answer["properties"]["meta"]
    assert "422" in each.statuses


@each_list
async def test_pages_neither_repeat_nor_skip_an_entry(each: List, get: Any) -> None:
    whole = await get(each.path, "limit=100")

    pages = [await get(each.path, "limit=1")]
    while cursor := pages[-1]["meta"]["pagination"]["next_cursor"]:
        pages.append(await get(each.path, f"limit=1&cursor={cursor}"))

    assert len(whole["data"]) >= 4
    assert whole["meta"]["pagination"].items() >= {"per_page": 100, "next_cursor": None}.items()
    assert [page["data"][0]["id"] for page in pages] == [entry["id"] for entry in whole["data"]]
    assert {page["meta"]["pagination"]["per_page"] for page in pages} == {1}


@each_list
async def test_answers_its_default_limit(each: List, get: Any) -> None:
    page = await get(each.path)

    assert page["meta"]["pagination"]["per_page"] == each.parameters["limit"]["default"]


@each_list
async def test_refuses_a_limit_out_of_bounds(each: List, get: Any) -> None:
    for limit in ("0", "-1", "101", "9" * 18):
        problem = await get(each.path, f"limit={limit}", status=422)

        assert problem["errors"] == {"limit": ["must be between 1 and 100"]}


@each_list
async def test_refuses_a_cursor_that_is_not_its_own(each: List, get: Any) -> None:
    others = [(await get(other.path, "limit=1"))["meta"]["pagination"]["next_cursor"] for other in LISTS]
    own = (await get(each.path, "limit=1"))["meta"]["pagination"]["next_cursor"]
    events = [other.path.endswith("security-events") for other in LISTS]
    # Both lists of events are in the same order, so they have the same cursors.
    is_events = each.path.endswith("security-events")
    foreign = [
        cursor for cursor, of_events in zip(others, events, strict=True) if not (of_events and is_events)
    ]

    for cursor in ({*foreign} - {own}) | {"", "x", "null", "0", "%00"}:
        problem = await get(each.path, f"cursor={cursor}", status=422)

        assert problem["errors"] == {"cursor": ["is not a cursor of this list in this order"]}


@each_list
async def test_refuses_values_that_a_parameter_cannot_have(each: List, get: Any) -> None:
    for name in each.parameters.keys() - TEXTS - {"cursor"}:
        for value in ("", "null", "x", "%00", "[]"):
            problem = await get(each.path, f"{name}={value}", status=422)

            assert (problem["error_code"], problem["errors"]) == (
                "VALIDATION_ERROR",
                {name: ["is invalid"]},
            )


@each_list
async def test_refuses_a_parameter_that_is_given_twice(each: List, get: Any) -> None:
    for name, schema in each.parameters.items():
        value = valid_value(schema)

        problem = await get(each.path, f"{name}={value}&{name}={value}", status=422)

        assert problem["errors"] == {name: ["must be given once"]}


def valid_value(schema: Mapping[str, Any]) -> str:
    [given] = schema.get("allOf", [schema])
    choices = resolved(given).get("enum", ["x"])
    formats = {"uuid": str(uuid4()), "date-time": "2026-11-29T00:00:00Z"}
    return formats.get(schema.get("format", ""), "1" if schema.get("type") == "integer" else choices[0])


async def test_an_empty_page_is_the_last_one(
    get: Any, client: httpx.AsyncClient, container: Container
) -> None:
    nobody = await stored_account(container)
    own = await client.get("/api/v1/users/me/security-events", headers=nobody.headers)
    pages = [
        own.json(),
        await get("/api/v1/admin/users", "q=nobody"),
        await get("/api/v1/admin/security-events", f"subject={uuid4()}"),
    ]

    for page in pages:
        assert page["data"] == []
        assert page["meta"]["pagination"].items() >= {"per_page": 10, "next_cursor": None}.items()
