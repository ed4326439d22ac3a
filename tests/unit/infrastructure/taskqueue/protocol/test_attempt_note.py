import msgspec
import pytest

from internal.infrastructure.taskqueue.protocol.attempt_note import AttemptNote, decode_note, encode_note


def test_is_read_as_it_was_written() -> None:
    note = AttemptNote(error="ValueError: no", retries=3, worker="web-1:17", ms=1200)

    assert decode_note(encode_note(note)) == note


def test_an_older_version_reads_the_error_and_the_retries() -> None:
    note = AttemptNote(error="ValueError: no", retries=3, worker="web-1:17", ms=1200)

    read = msgspec.json.decode(encode_note(note))

    assert (read["error"], read["retries"]) == ("ValueError: no", 3)


@pytest.mark.parametrize(
    ("stored", "error", "retries"),
    [
        (b'{"retries":2,"error":"ValueError: no"}', "ValueError: no", 2),
        (b'{"error":"ValueError: no","slots":4}', "ValueError: no", 0),
        (b"cannot be read", "cannot be read", 0),
        (b"", "", 0),
        (b"\xff no", "\\xff no", 0),
        (b'{"error":"\xff"}', "\ufffd", 0),
        (b'{"error":"no","ms":-1}', '{"error":"no","ms":-1}', 0),
        (b'{"error":"no","ms":1e300}', '{"error":"no","ms":1e300}', 0),
        (b'{"error":5}', '{"error":5}', 0),
    ],
    ids=["older", "newer", "text", "empty", "bytes", "bytes in JSON", "negative", "huge", "number"],
)
def test_whatever_is_stored_has_an_error(stored: bytes, error: str, retries: int) -> None:
    assert decode_note(stored) == AttemptNote(error=error, retries=retries)


def test_where_and_how_long_it_ran_takes_about_50_bytes() -> None:
    bare = AttemptNote(error="ValueError: no", retries=3)
    whole = AttemptNote(error="ValueError: no", retries=3, worker="worker-7d9f8b6c5d-x2x4z:17", ms=1234)

    assert len(encode_note(whole)) - len(encode_note(bare)) <= 50
