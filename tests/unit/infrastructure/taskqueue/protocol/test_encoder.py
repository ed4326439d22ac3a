from typing import Any

import pytest
from dramatiq import JSONEncoder as StockEncoder
from dramatiq import Message
from dramatiq.errors import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.taskqueue.protocol.encoder import JSONEncoder

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_understands_dramatiqs_encoder_and_is_understood_by_it(kwargs: dict[str, Any]) -> None:
    data: dict[str, Any] = Message[None]("default", "work", (), kwargs, {}).asdict()
    data["args"] = []

    assert StockEncoder().decode(JSONEncoder().encode(data)) == data
    assert JSONEncoder().decode(StockEncoder().encode(data)) == data


@pytest.mark.parametrize(
    "data",
    [b"", b"no JSON", b"[]", b"null", b'{"a": "\xff"}', b'{"a": 1', b'{"a": ' + b"[" * 100_000],
    ids=lambda data: repr(data[:12]),
)
def test_says_what_is_not_a_json_object(data: bytes) -> None:
    with pytest.raises(DecodeError):
        JSONEncoder().decode(data)
