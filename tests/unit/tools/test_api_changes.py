import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tools.api_changes import breaking_changes
from tools.api_document import COPY, encoded, report

DOCUMENT: dict[str, Any] = {
    "paths": {
        "/pets": {
            "post": {
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
                    {"name": "sort", "in": "query", "schema": {"$ref": "#/components/schemas/Order"}},
                ],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewPet"}}}
                },
                "security": [{"bearer": []}, {"cookie": [], "csrf": []}],
                "responses": {
                    "201": {
                        "headers": {"Location": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
                    },
                    "409": {},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "NewPet": {
                "properties": {
                    "name": {"type": "string", "maxLength": 10},
                    "kind": {"type": "string", "enum": ["cat", "dog"]},
                },
                "required": ["name"],
            },
            "Order": {"type": "string", "enum": ["name", "age"]},
            "Pet": {
                "properties": {"owners": {"type": "array", "items": {"$ref": "#/components/schemas/Owner"}}},
                "required": ["owners"],
            },
            "Owner": {"properties": {"id": {"type": "string"}}, "required": ["id"]},
        }
    },
}

Change = Callable[[dict[str, Any]], object]


def schema(document: dict[str, Any], name: str) -> Any:
    return document["components"]["schemas"][name]


def post(document: dict[str, Any]) -> Any:
    return document["paths"]["/pets"]["post"]


BREAKING: dict[str, Change] = {
    "POST /pets is gone": lambda document: document["paths"].clear(),
    "POST /pets: the status 409 is gone": lambda document: post(document)["responses"].pop("409"),
    "POST /pets: in the 201, the header Location is gone": lambda document: post(document)["responses"][
        "201"
    ]["headers"].clear(),
    "POST /pets: in the 201, the type application/json is gone": lambda document: post(document)["responses"][
        "201"
    ]["content"].update({"text/html": post(document)["responses"]["201"]["content"].pop("application/json")}),
    "POST /pets: the credentials cookie and csrf are not enough any more": lambda document: post(document)[
        "security"
    ].pop(),
    "POST /pets: the parameter limit is gone": lambda document: post(document)["parameters"].pop(0),
    "POST /pets: the maximum of the parameter limit is 50 now": lambda document: post(document)["parameters"][
        0
    ]["schema"].update(maximum=50),
    "POST /pets: the parameter limit is required now": lambda document: post(document)["parameters"][
        0
    ].update(required=True),
    "POST /pets: the parameter sort lost the values age": lambda document: schema(document, "Order")[
        "enum"
    ].remove("age"),
    "POST /pets: the request's field kind is required now": lambda document: schema(document, "NewPet")[
        "required"
    ].append("kind"),
    "POST /pets: the request's field kind is gone": lambda document: schema(document, "NewPet")[
        "properties"
    ].pop("kind"),
    "POST /pets: the request's field kind lost the values dog": lambda document: schema(document, "NewPet")[
        "properties"
    ]["kind"]["enum"].remove("dog"),
    "POST /pets: the minLength of the request's field name is 2 now": lambda document: schema(
        document, "NewPet"
    )["properties"]["name"].update(minLength=2),
    "POST /pets: in the 201, the field owners[].id is gone": lambda document: schema(document, "Owner")[
        "properties"
    ].pop("id"),
    "POST /pets: in the 201, the field owners[].id may be missing now": lambda document: schema(
        document, "Owner"
    ).pop("required"),
    "POST /pets: in the 201, the type of the field owners[].id is integer now, not string": lambda document: (
        schema(document, "Owner")["properties"]["id"].update(type="integer")
    ),
}
HARMLESS: dict[str, Change] = {
    "a route": lambda document: document["paths"].update({"/owners": document["paths"]["/pets"]}),
    "a status": lambda document: post(document)["responses"].update({"404": {}}),
    "an optional field": lambda document: schema(document, "NewPet")["properties"].update(age={}),
    "a field of an answer": lambda document: schema(document, "Owner")["properties"].update(name={}),
    "a value": lambda document: schema(document, "Order")["enum"].append("size"),
    "a wider limit": lambda document: schema(document, "NewPet")["properties"]["name"].update(maxLength=20),
    "a way to log in": lambda document: post(document)["security"].append({"password": []}),
    "access for everybody": lambda document: post(document)["security"].clear(),
    "a header": lambda document: post(document)["responses"]["201"]["headers"].update({"Retry-After": {}}),
    "another name of a schema": lambda document: schema(document, "Owner").update(description="Somebody"),
}


@pytest.mark.parametrize("line", BREAKING)
def test_names_a_change_that_breaks_clients(line: str) -> None:
    after = deepcopy(DOCUMENT)
    BREAKING[line](after)

    assert breaking_changes(DOCUMENT, after) == [line]


@pytest.mark.parametrize("addition", HARMLESS)
def test_an_addition_breaks_nothing(addition: str) -> None:
    after = deepcopy(DOCUMENT)
    HARMLESS[addition](after)

    assert breaking_changes(DOCUMENT, after) == []


def test_names_an_operation_that_needs_credentials_now() -> None:
    before = deepcopy(DOCUMENT)
    del post(before)["security"]

    assert breaking_changes(before, DOCUMENT) == ["POST /pets: it needs credentials now"]


def test_reports_the_difference_and_what_it_breaks() -> None:
    accepted = COPY.read_text()
    current = json.loads(accepted)
    del current["components"]["schemas"]["User"]["properties"]["name"]

    changes = report(accepted, current)

    assert '-          "name": {' in changes
    assert "GET /api/v1/users/me: in the 200, the field data.name is gone" in changes
    assert report(encoded(current), current) == ""
