import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from string import Formatter
from typing import Any
from urllib.parse import quote

import httpx

from internal.domain.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    RateLimited,
)
from tests.support.doors.door import Headers, Kind, Refusal, Refused
from tests.support.doors.operations import Operation

_KINDS: Mapping[int, Kind] = {
    HTTPStatus.BAD_REQUEST: InvalidInput,
    HTTPStatus.UNPROCESSABLE_ENTITY: InvalidInput,
    HTTPStatus.UNAUTHORIZED: NotAuthenticated,
    HTTPStatus.FORBIDDEN: NotPermitted,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimited,
}


@dataclass(frozen=True)
class HttpDoor:
    client: httpx.Client

    def ask(self, operation: Operation, headers: Headers, fields: Mapping[str, Any]) -> dict[str, Any]:
        method, _, template = operation.route.partition(" ")
        in_path = {name for _, name, _, _ in Formatter().parse(template) if name}
        path = template.format_map({name: quote(str(fields[name]), safe="") for name in in_path})
        others = {name: value for name, value in fields.items() if name not in in_path}
        sent: dict[str, Any] = {"params" if method == "GET" else "json": others} if others else {}
        return _answer(self.client.request(method, path, headers=headers, **sent))

    def ask_with_bytes(self, operation: Operation, headers: Headers, fields: Mapping[str, bytes]) -> None:
        method, _, path = operation.route.partition(" ")
        members = [json.dumps(name).encode() + b': "' + value + b'"' for name, value in fields.items()]
        content = b"{" + b", ".join(members) + b"}"
        headers = [*headers, ("content-type", "application/json")]
        _answer(self.client.request(method, path, headers=headers, content=content))


def _answer(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    if response.is_error:
        raise Refused(_refusal(response, body))
    data = body.get("data", {})
    return data if isinstance(data, dict) else {"entries": data, **body["meta"]["pagination"]}


def _refusal(response: httpx.Response, problem: Mapping[str, Any]) -> Refusal:
    wait = response.headers.get("Retry-After")
    return Refusal(
        kind=_KINDS[response.status_code],
        code=problem["error_code"],
        message=problem["detail"],
        errors=problem.get("errors", {}),
        retry_after=timedelta(seconds=int(wait)) if wait else None,
    )
