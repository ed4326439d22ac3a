import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.http.json_decoding import UnreadableBody, decode_object, misfits

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


class Parcel(msgspec.Struct, forbid_unknown_fields=True):
    to: str
    count: int
    weight: float
    fragile: bool = False
    contents: list[str] = []


@given(st.dictionaries(TEXT, VALUES), st.booleans())
def test_decodes_any_object_without_duplicates(value: dict[str, Any], ascii_only: bool) -> None:  # noqa: FBT001 - an example's
    assert decode_object(json.dumps(value, ensure_ascii=ascii_only).encode()) == json.loads(json.dumps(value))


@given(VALUES, TEXT, VALUES, VALUES, st.lists(st.booleans(), max_size=10))
def test_refuses_a_key_that_is_there_twice_at_any_depth(
    beside: object, key: str, first: object, second: object, nesting: list[bool]
) -> None:
    escaped = "".join(f"\\u{unit:04x}" for unit in memoryview(key.encode("utf-16-le")).cast("H"))
    body = f'{{{json.dumps(key)}: {json.dumps(first)}, "{escaped}": {json.dumps(second)}}}'
    for in_list in nesting:
        body = f"[{json.dumps(beside)}, {body}]" if in_list else f'{{"x": {body}, "y": {json.dumps(beside)}}}'

    with pytest.raises(UnreadableBody, match="duplicate keys"):
        decode_object(f'{{"outer": {body}}}'.encode())


@given(st.binary())
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    try:
        decoded = decode_object(body)
    except UnreadableBody:
        return

    assert json.loads(body) == decoded


@pytest.mark.parametrize(
    ("given_fields", "errors"),
    [
        ({"to": "Ada", "count": 1, "weight": 1.5}, {}),
        ({}, {"to": "is required", "count": "is required", "weight": "is required"}),
        (
            {"to": 1, "count": "1", "weight": None, "fragile": 0, "contents": [1], "extra": 1},
            {
                "to": "must be a string",
                "count": "must be an integer",
                "weight": "must be a number",
                "fragile": "must be true or false",
                "contents": "is invalid",
                "extra": "is unknown",
            },
        ),
    ],
    ids=["none", "missing", "wrong"],
)
def test_names_every_field_that_does_not_fit(given_fields: dict[str, Any], errors: dict[str, str]) -> None:
    assert misfits(given_fields, Parcel) == {name: [message] for name, message in errors.items()}
