"""Completes the schemas of requests and answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from internal.infrastructure.http.api_document.fields import (
    ANSWER_FIELDS,
    REQUEST_FIELDS,
    Schema,
)
from internal.infrastructure.http.api_document.problem_examples import ERROR_CODES
from internal.infrastructure.http.api_document.tidying import REF

# A form may have other parameters (RFC 6749 section 3.2), and JSON may not.
_FORM = "application/x-www-form-urlencoded"


def complete_schemas(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    forms = set(_bodies(document, _FORM))
    requests = set(_bodies(document, "application/json"))
    for name, schema in schemas.items():
        if name in forms | requests:
            _describe(name, schema, REQUEST_FIELDS)
        elif "properties" in schema:
            _describe(name, schema, ANSWER_FIELDS)
            _require_what_is_always_there(schema)
        if name in requests:
            schema["additionalProperties"] = False
    for given in schemas["GrantRequest"]["properties"].values():
        # It means that the parameter is missing.
        del given["default"]
    schemas["GrantRequest"]["required"] = ["grant_type"]
    schemas["ErrorCode"] = {"type": "string", "enum": sorted(ERROR_CODES)}
    schemas["Problem"]["properties"]["error_code"] = {"$ref": f"{REF}ErrorCode"}


def _bodies(document: Mapping[str, Any], media_type: str) -> Iterator[str]:
    """The names of the schemas of request bodies."""
    for methods in document["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            if media_type in content:
                yield content[media_type]["schema"]["$ref"].removeprefix(REF)


def _describe(name: str, schema: dict[str, Any], fields: Mapping[str, Schema]) -> None:
    for field, given in schema["properties"].items():
        # A reference describes itself.
        if "$ref" not in given:
            given.update(fields.get(f"{name}.{field}") or fields.get(field) or {})


def _require_what_is_always_there(schema: dict[str, Any]) -> None:
    """An answer has its defaults in it. The framework documents such fields as optional."""
    for field, given in schema["properties"].items():
        # A collection is left out if it is empty.
        if isinstance(given.get("default"), bool | str):
            default = given.pop("default")
            schema["required"] = sorted({*schema.get("required", []), field})
            if field in {"success", "status", "type", "token_type"}:
                given["const"] = default
