import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

pytestmark = pytest.mark.anyio

PATH = "/api/v1/swagger/spec"
PROBLEM = "application/problem+json"


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    document: dict[str, Any] = (await client.get(PATH)).json()
    return document


def operations(document: dict[str, Any]) -> Iterator[Any]:
    for methods in document["paths"].values():
        yield from methods.values()


def responses(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for operation in operations(document):
        yield from operation["responses"].items()


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from references(inner)


async def test_documents_routes_with_their_problems(document: dict[str, Any]) -> None:
    """tests/docs/test_http_api.py compares all routes with docs/http-api.md."""
    register = document["paths"]["/api/v1/auth/register"]["post"]

    statuses = {"201", "400", "401", "408", "409", "413", "415", "422", "429", "500", "503"}
    assert register["responses"].keys() == statuses
    assert register["responses"]["409"]["content"].keys() == {PROBLEM}
    assert [each.get("name") for each in register["parameters"]] == ["Idempotency-Key", "X-Session-Mode"]


async def test_every_problem_has_a_schema_and_an_example(document: dict[str, Any]) -> None:
    codes = document["components"]["schemas"]["ErrorCode"]["enum"]

    for status, response in responses(document):
        if problem := response["content"].get(PROBLEM):
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert str(problem["example"]["status"]) == status
            assert problem["example"]["error_code"] in codes
        else:
            assert problem is None
            assert status[0] == "2" or response["content"].keys() == {"application/json"}


async def test_an_example_is_a_problem_that_the_api_sends(
    client: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    for path, body, status in (
        ("/api/v1/auth/login", {"email": "ada@example.com", "password": "wrong"}, 401),
        ("/api/v1/auth/login", {"email": "ada@example.com"}, 422),
        ("/api/v1/auth/refresh", {}, 422),
        ("/api/v1/auth/verify-email", {"token": "x"}, 400),
        ("/api/v1/users/me", None, 401),
    ):
        method = "post" if body is not None else "get"
        headers = {"Authorization": "Bearer x"}

        response = await client.request(method, path, json=body, headers=headers)

        assert response.status_code == status
        documented = document["paths"][path][method]["responses"][str(status)]
        example = documented["content"][PROBLEM]["example"]
        assert {**response.json(), "meta": example["meta"]} == example
        assert documented["headers"].keys() <= {name.title() for name in response.headers} | {
            "X-Request-ID",
            "WWW-Authenticate",
        }


async def test_only_json_requests_refuse_unknown_fields(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    requests = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for operation in operations(document)
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }

    closed = {name for name, schema in schemas.items() if schema.get("additionalProperties") is False}
    assert closed == requests


async def test_fields_have_their_lengths_and_formats(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    sign_up = schemas["RegisterRequest"]["properties"]
    assert (sign_up["email"]["format"], sign_up["email"]["maxLength"]) == ("email", 254)
    assert (sign_up["password"]["minLength"], sign_up["password"]["maxLength"]) == (8, 128)
    assert "minLength" not in schemas["LogInRequest"]["properties"]["password"]
    assert schemas["User"]["properties"]["id"]["format"] == "uuid"
    assert schemas["User"]["properties"]["created_at"]["format"] == "date-time"
    assert "success" in schemas["UserEnvelope"]["required"]


async def test_every_field_and_parameter_has_an_example_or_its_values(document: dict[str, Any]) -> None:
    said = {"examples", "enum", "const", "default", "$ref", "allOf", "items"}
    for name, schema in document["components"]["schemas"].items():
        for field, given in schema.get("properties", {}).items():
            assert said & given.keys() or given["type"] == "boolean", f"{name}.{field}"
    for operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert parameter["description"]
            assert said & parameter["schema"].keys(), parameter["name"]


async def test_names_are_clean_and_references_lead_somewhere(document: dict[str, Any]) -> None:
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", name) for name in document["components"]["schemas"])
    ids = [operation["operationId"] for operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"(auth|users|admin|health)_[a-z_]+", name) for name in ids)
    for reference in set(references(document)):
        _, kind, room, name = reference.split("/")
        assert name in document[kind][room]


async def test_answers_have_their_headers(document: dict[str, Any]) -> None:
    for status, response in responses(document):
        assert "X-Request-ID" in response["headers"]
        assert ("WWW-Authenticate" in response["headers"]) is (status == "401")
        assert status not in {"429", "503"} or "Retry-After" in response["headers"]
        assert ("Location" in response["headers"]) is (status == "201")
    headers = document["components"]["headers"]
    assert {name for name, header in headers.items() if not header.get("required")} == {"Set-Cookie"}
    paths = document["paths"]
    assert "Set-Cookie" in paths["/api/v1/auth/login"]["post"]["responses"]["200"]["headers"]
    assert "Content-Disposition" in paths["/api/v1/users/me/export"]["get"]["responses"]["200"]["headers"]


async def test_routes_say_who_may_call_them(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    user = document["paths"]["/api/v1/users/me"]

    assert user["get"]["security"] == [{"bearer": []}, {"password": []}, {"cookie": []}]
    assert user["patch"]["security"][2] == {"cookie": [], "csrf": []}
    assert document["paths"]["/api/v1/auth/login"]["post"]["security"] == []
    assert schemes["password"]["flows"]["password"]["tokenUrl"] == "/api/v1/auth/token"
    for operation in operations(document):
        assert {name for need in operation["security"] for name in need} <= schemes.keys()


async def test_a_sign_up_says_where_the_user_is(client: httpx.AsyncClient) -> None:
    body = {"email": "ada@example.com", "name": "Ada", "password": "purple otter 7"}

    signed_up = await client.post("/api/v1/auth/register", json=body)

    token = signed_up.json()["data"]["token"]
    user = await client.get(signed_up.headers["location"], headers={"Authorization": f"Bearer {token}"})
    assert user.json()["data"]["email"] == "ada@example.com"


async def test_every_path_allows_the_documented_methods(
    client: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    for path, methods in document["paths"].items():
        expected = {"OPTIONS", *map(str.upper, methods)} | ({"HEAD"} if "get" in methods else set())

        url = path.format(user_id=uuid4(), session_id=uuid4())
        asked = await client.options(url)
        refused = await client.request("TRACE", url)

        assert (asked.status_code, refused.status_code) == (204, 405)
        for response in (asked, refused):
            assert set(response.headers["allow"].split(", ")) == expected, path
