"""The links of the OpenAPI document: each leads to an operation, and takes what is there."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tools.api_document import COPY

Json = Mapping[str, Any]
DOCUMENT = json.loads(COPY.read_text())
OPERATIONS: Json = {
    operation["operationId"]: operation
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
}


@dataclass(frozen=True)
class Link:
    """A link of an answer of an operation."""

    name: str
    operation: Json
    answer: Json
    target: Json
    parameters: Json
    body: Json

    def __str__(self) -> str:
        return self.name


def links() -> Iterator[Link]:
    for name, operation in OPERATIONS.items():
        for answer in operation["responses"].values():
            for link_name, link in answer.get("links", {}).items():
                yield Link(
                    name=f"{name} {link_name}",
                    operation=operation,
                    answer=answer,
                    target=OPERATIONS[link["operationId"]],
                    parameters=link.get("parameters", {}),
                    body=link.get("requestBody", {}),
                )


LINKS = list(links())
each_link = pytest.mark.parametrize("link", LINKS, ids=str)


def test_there_are_links() -> None:
    assert len(LINKS) > 20


@each_link
def test_gives_the_operation_what_it_takes(link: Link) -> None:
    parameters = {each["name"]: each["required"] for each in link.target.get("parameters", [])}

    assert {name for name, is_required in parameters.items() if is_required} <= link.parameters.keys()
    assert link.parameters.keys() <= parameters.keys()
    if link.body:
        assert link.body.keys() <= schema_of(link.target["requestBody"])["properties"].keys()


@each_link
def test_takes_values_that_are_there(link: Link) -> None:
    for expression in [*link.parameters.values(), *link.body.values()]:
        source, _, pointer = expression.partition("#")
        sources = {"$request.body": link.operation.get("requestBody"), "$response.body": link.answer}

        schema = schema_of(sources[source])
        for part in pointer.strip("/").split("/"):
            schema = resolved(schema["items"] if part.isdigit() else schema["properties"][part])


def schema_of(content: Any) -> Json:
    return resolved(content["content"]["application/json"]["schema"])


def resolved(schema: Json) -> Json:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Json = DOCUMENT["components"]["schemas"][name] if name else schema
    return found
