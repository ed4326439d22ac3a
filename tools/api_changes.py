"""What a change of the OpenAPI document breaks for clients that were written for the document before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LIMITS = {"maxLength": -1, "maximum": -1, "minLength": 1, "minimum": 1}

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One field of a body or one parameter. Its name has dots and `[]` for what it is inside of."""

    schema: Json
    is_required: bool

    @property
    def type(self) -> str:
        choices = self.schema.get("oneOf", [self.schema])
        return " or ".join(sorted(choice.get("type", "anything") for choice in choices))


Fields = Mapping[str, Field]


def breaking_changes(before: Json, after: Json) -> list[str]:
    """One line for each change that breaks a client; it names the operation and the field."""
    old, new = Document(before), Document(after)
    changes = []
    for name, operation in old.operations():
        if name not in dict(new.operations()):
            changes.append(f"{name} is gone")
            continue
        found = _changes(old, operation, new, dict(new.operations())[name])
        changes += [f"{name}: {change}" for change in found]
    return changes


def _changes(old: "Document", before: Json, new: "Document", after: Json) -> Iterator[str]:
    yield from _of_request(old.parameters(before), new.parameters(after), "the parameter")
    yield from _of_request(old.request(before), new.request(after), "the request's field")
    yield from _of_security(before.get("security", []), after.get("security", []))
    for status, answer in before["responses"].items():
        if status not in after["responses"]:
            yield f"the status {status} is gone"
            continue
        found = after["responses"][status]
        changes = [*_lost_parts(answer, found), *_of_answer(old.content(answer), new.content(found))]
        yield from (f"in the {status}, {change}" for change in changes)


def _lost_parts(before: Json, after: Json) -> Iterator[str]:
    for part, kind in (("headers", "header"), ("content", "type")):
        for name in before.get(part, {}):
            if name not in after.get(part, {}):
                yield f"the {kind} {name} is gone"


def _of_security(before: Sequence[Json], after: Sequence[Json]) -> Iterator[str]:
    """An operation that nobody needed to log in for has no schemes, or an empty one."""
    if after and not before:
        yield "it needs credentials now"
    for schemes in before:
        if after and schemes not in after:
            yield f"the credentials {' and '.join(schemes) or 'none'} are not enough any more"


def _of_request(before: Fields, after: Fields, kind: str) -> Iterator[str]:
    for name, field in after.items():
        if field.is_required and not (name in before and before[name].is_required):
            yield f"{kind} {name} is required now"
    yield from _of_both(before, after, kind)
    for name in before.keys() & after.keys():
        for limit, direction in _LIMITS.items():
            old, new = (fields[name].schema.get(limit) for fields in (before, after))
            if new is not None and (old is None or (new - old) * direction > 0):
                yield f"the {limit} of {kind} {name} is {new} now"


def _of_answer(before: Fields, after: Fields) -> Iterator[str]:
    yield from _of_both(before, after, "the field")
    for name in before.keys() & after.keys():
        if before[name].is_required and not after[name].is_required:
            yield f"the field {name} may be missing now"


def _of_both(before: Fields, after: Fields, kind: str) -> Iterator[str]:
    for name, field in before.items():
        if name not in after:
            yield f"{kind} {name} is gone"
        elif field.type != after[name].type:
            yield f"the type of {kind} {name} is {after[name].type} now, not {field.type}"
        elif lost := _lost_values(field.schema, after[name].schema):
            yield f"{kind} {name} lost the values {', '.join(lost)}"


def _lost_values(before: Json, after: Json) -> list[str]:
    if "enum" not in after:
        return []
    if "enum" not in before:
        return ["other than " + ", ".join(map(str, after["enum"]))]
    return sorted(map(str, set(before["enum"]) - set(after["enum"])))


class Document:
    """An OpenAPI document, read without its references."""

    def __init__(self, document: Json) -> None:
        self._document = document

    def operations(self) -> Iterator[tuple[str, Json]]:
        for path, methods in self._document["paths"].items():
            for method, operation in methods.items():
                yield f"{method.upper()} {path}", operation

    def parameters(self, operation: Json) -> Fields:
        given = [self._resolved(each) for each in operation.get("parameters", [])]
        return {
            each["name"]: Field(self._resolved(each["schema"]), is_required=each.get("required", False))
            for each in given
        }

    def request(self, operation: Json) -> Fields:
        return self.content(operation.get("requestBody", {}))

    def content(self, body: Json) -> Fields:
        return {
            name: field
            for media in body.get("content", {}).values()
            for name, field in self._fields(media["schema"], "")
        }

    def _fields(self, given: Json, prefix: str) -> Iterator[tuple[str, Field]]:
        schema = self._resolved(given)
        if "items" in schema:
            yield from self._fields(schema["items"], f"{prefix}[]")
        for name, inner in schema.get("properties", {}).items():
            full = f"{prefix}.{name}".removeprefix(".")
            yield full, Field(self._resolved(inner), is_required=name in schema.get("required", []))
            yield from self._fields(inner, full)

    def _resolved(self, node: Json) -> Json:
        if "allOf" in node:
            return {key: value for each in node["allOf"] for key, value in self._resolved(each).items()}
        if "$ref" not in node:
            return node
        found = self._document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return found
