"""The operations of an OpenAPI document, and requests in which one value is not the usual one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SAMPLES: Mapping[str, str] = {
    "email": "grace@example.com",
    "name": "Grace Hopper",
    "password": "correct horse",
    "current_password": "correct horse",
    "new_password": "battery staple",
    "token": "A" * 43,
    "refresh_token": "A" * 86,
    "role": "viewer",
    "grant_type": "password",
    "username": "grace@example.com",
}


@dataclass(frozen=True)
class Operation:
    """`statuses` are the documented ones. `fields` are those of the body."""

    method: str
    path: str
    statuses: frozenset[int]
    parameters: tuple[tuple[str, str], ...]
    content_type: str | None
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def body(self) -> dict[str, Any]:
        return {name: SAMPLES[name] for name in self.fields}

    def places(self) -> Iterator[tuple[str, str]]:
        """Where a caller may put a text: the kind of the place, and its name."""
        yield from self.parameters
        for name in self.fields:
            yield "body", name


@dataclass
class Draft:
    """A request for one operation, with a value in one of its places."""

    operation: Operation
    ids: Mapping[str, UUID]
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, place: str = "", name: str = "", value: Any = None) -> dict[str, Any]:
        """The arguments for httpx. Bodies are encoded here, so that lone surrogates reach the server."""
        ids = {**self.ids, name: value} if place == "path" else self.ids
        path = self.operation.path.format_map(
            {key: quote(str(each), safe="", errors="surrogatepass") for key, each in ids.items()}
        )
        query = f"?{_encoded({name: value})}" if place == "query" else ""
        headers: dict[str, Any] = dict(self.headers)
        if place == "header":
            headers[name] = value.encode(errors="surrogatepass")
        request = {"method": self.operation.method, "url": path + query, "headers": headers}
        if self.operation.content_type is None:
            return request
        body = self.operation.body | ({name: value} if place == "body" else {})
        headers["Content-Type"] = self.operation.content_type
        encoded = json.dumps(body) if self.operation.content_type == JSON else _encoded(body)
        return {**request, "content": encoded.encode()}


def operations_of(document: Mapping[str, Any]) -> list[Operation]:
    return [
        _operation(document, method, path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]


def _operation(
    document: Mapping[str, Any], method: str, path: str, described: Mapping[str, Any]
) -> Operation:
    content = described.get("requestBody", {}).get("content", {})
    content_type = next(iter(content), None)
    schema = content[content_type]["schema"] if content_type else {}
    if reference := schema.get("$ref"):
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    return Operation(
        method=method.upper(),
        path=path,
        statuses=frozenset(int(status) for status in described["responses"]),
        parameters=tuple((each["in"], each["name"]) for each in described.get("parameters", [])),
        content_type=content_type,
        fields=tuple(schema.get("properties", ())),
    )


def _encoded(form: Mapping[str, Any]) -> str:
    return urlencode(form, errors="surrogatepass")
