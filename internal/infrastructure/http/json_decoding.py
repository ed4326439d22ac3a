"""Decode a request body: one JSON object in UTF-8, whose fields fit the route."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from litestar.exceptions import HTTPException

_WORDS: Mapping[object, str] = {
    str: "must be a string",
    int: "must be an integer",
    float: "must be a number",
    bool: "must be true or false",
}


class UnreadableBody(HTTPException):
    status_code = 400


def decode_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`.

    Raises:
        UnreadableBody: not one JSON object, or an object has a duplicate key. Parsers disagree on which
            of the two values counts.
    """
    try:
        value = msgspec.json.decode(body)
        json.loads(body.decode(), object_pairs_hook=_require_unique, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:  # ValueError: not UTF-8, or not JSON
        raise UnreadableBody("The body must be valid JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise UnreadableBody("The body must be a JSON object")
    return value


def _require_unique(pairs: Sequence[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise UnreadableBody("The body must not have duplicate keys")


@cache
def fields_of(kind: type[msgspec.Struct]) -> Mapping[str, msgspec.structs.FieldInfo]:
    """The fields by their names in JSON."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def misfits(given: Mapping[str, Any], kind: type[msgspec.Struct]) -> dict[str, list[str]]:
    """The problems of each missing, mistyped or unknown field of `given`, by the field's name."""
    fields = fields_of(kind)
    errors = {name: ["is unknown"] for name in given.keys() - fields.keys()}
    for name, field in fields.items():
        if name in given:
            try:
                msgspec.convert(given[name], field.type)
            except msgspec.ValidationError:
                errors[name] = [_WORDS.get(field.type, "is invalid")]
        elif field.required:
            errors[name] = ["is required"]
    return errors
