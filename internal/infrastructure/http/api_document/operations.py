"""Completes the operations: who may call them, their headers, parameters and problems."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from internal.infrastructure.http.api_document.components import HEADERS
from internal.infrastructure.http.api_document.fields import PARAMETERS
from internal.infrastructure.http.api_document.problem_examples import example
from internal.infrastructure.http.api_document.tidying import REF
from internal.infrastructure.http.errors import PROBLEM_JSON, title_of

_OF_EVERY_ANSWER = ("X-Request-ID",)
_OF_STATUS: Mapping[str, tuple[str, ...]] = {
    "401": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
# By the operation and the status.
_OF_ANSWER: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("auth_register", "201"): ("Location", "Set-Cookie"),
    ("auth_register", "409"): ("Retry-After",),
    ("auth_log_in", "200"): ("Set-Cookie",),
    ("auth_refresh", "200"): ("Set-Cookie",),
    ("auth_log_out", "200"): ("Set-Cookie",),
    ("users_remove", "200"): ("Set-Cookie",),
    ("users_export", "200"): ("Content-Disposition",),
}
_READS_COOKIES = {"auth_refresh", "auth_log_out"}
_SAFE = {"get"}


def complete_operations(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _complete_security(operation, is_safe=method in _SAFE)
            _complete_parameters(operation)
            _complete_responses(path, operation)


def _complete_security(operation: dict[str, Any], *, is_safe: bool) -> None:
    csrf: dict[str, list[str]] = {} if is_safe else {"csrf": []}
    if operation.get("security"):
        operation["security"] = [{"bearer": []}, {"password": []}, {"cookie": [], **csrf}]
    elif operation["operationId"] in _READS_COOKIES:
        # The token is in the body, or in a cookie.
        operation["security"] = [{}, {"refreshCookie": [], **csrf}]
    else:
        operation["security"] = []


def _complete_parameters(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        schema = _without_null(parameter["schema"])
        # The parameter has the same description.
        schema.pop("description", None)
        parameter["schema"] = {**schema, **PARAMETERS.get(parameter["name"], {})}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter may be left out, but nobody can send null."""
    *others, last = schema.get("oneOf", [{}])
    if last != {"type": "null"}:
        return schema
    kept = {key: value for key, value in schema.items() if key != "oneOf"}
    return {**kept, **(others[0] if len(others) == 1 else {"oneOf": others})}


def _complete_responses(path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "400" in responses and _is_of_framework(responses["400"]):
        del responses["400"]
    if any(PROBLEM_JSON in response["content"] for response in responses.values()):
        responses["500"] = {"content": {PROBLEM_JSON: {"schema": {"$ref": f"{REF}Problem"}}}}
    for status, response in responses.items():
        own = _OF_ANSWER.get((operation["operationId"], status), ())
        names = (*_OF_EVERY_ANSWER, *_OF_STATUS.get(status, ()), *own)
        response["headers"] = {name: _header(name, status) for name in names}
        response["description"] = title_of(HTTPStatus(int(status)))
        if problem := response["content"].get(PROBLEM_JSON):
            problem["example"] = example(path, int(status))
    operation["responses"] = dict(sorted(responses.items()))


def _header(name: str, status: str) -> Mapping[str, Any]:
    # Only one of the conflicts has it.
    if (name, status) == ("Retry-After", "409"):
        return {**HEADERS[name], "required": False}
    return {"$ref": f"#/components/headers/{name}"}


def _is_of_framework(response: Mapping[str, Any]) -> bool:
    """It documents a 400 for every parameter. An invalid path is a 404 here, and an invalid query a 422."""
    schema = response["content"].get("application/json", {}).get("schema", {"$ref": ""})
    return "$ref" not in schema
