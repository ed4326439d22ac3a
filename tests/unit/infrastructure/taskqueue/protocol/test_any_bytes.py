import msgspec
import pytest

from internal.infrastructure.taskqueue.protocol.any_bytes import decoded, lossless, readable
from internal.infrastructure.taskqueue.protocol.scripts import encode_request, text

UTF_8 = [b"", b"plain", "\u00e4\u20ac\U0001f600".encode()]
OTHERS = [b"\xff\xfe", b"cut \xc3", b"\xed\xa0\x80", "\u00e4".encode() + b"\xff"]


@pytest.mark.parametrize("data", [*UTF_8, *OTHERS])
def test_a_request_has_the_same_bytes_again(data: bytes) -> None:
    request = encode_request(("queue", [lossless(data), 1], (lossless(data), text(b"message"))))

    assert request.count(data) >= 2


@pytest.mark.parametrize("data", UTF_8)
def test_utf_8_is_shown_as_it_is(data: bytes) -> None:
    assert readable(data) == readable(lossless(data)) == data.decode()


@pytest.mark.parametrize("data", OTHERS)
def test_the_rest_is_shown_with_escapes(data: bytes) -> None:
    assert readable(data) == readable(lossless(data))
    assert r"\x" in readable(data)
    assert readable(data).encode()


def test_json_has_marks_in_the_place_of_what_is_not_utf_8() -> None:
    assert decoded(msgspec.json.decode, b'{"a\xff": "b\xc3"}') == {"a\ufffd": "b\ufffd"}
