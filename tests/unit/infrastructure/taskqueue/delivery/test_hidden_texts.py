import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.taskqueue.delivery.hidden_texts import hidden
from internal.infrastructure.taskqueue.delivery.retries import Retries
from tests.support.taskqueue.attempts import delivery, failed

PAYLOAD = {
    "email": "Ada.Lovelace@example.com",
    "name": "Ada",
    "more": [{"nick": ["Countess"]}, {"of@example.com": 1}],
    "short": "x",
    "number": 12345,
    "quoted": 'O\'Brien "B" \\',
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("KeyError: 'Ada'", "KeyError: '[hidden]'"),
        ("ADA and ada", "[hidden] and [hidden]"),
        ("no ada.lovelace@example.com here", "no [hidden] here"),
        ("the Countess", "the [hidden]"),
        ("of@example.com", "[hidden]"),
        (repr(PAYLOAD["quoted"]), "'[hidden]'"),
        ("x is 12345, the name is short", "x is 12345, the name is short"),
        ("", ""),
    ],
)
def test_hides_the_texts_of_the_payload_alone(text: str, shown: str) -> None:
    assert hidden(text, PAYLOAD) == shown


@given(value=st.text("abXY.*", min_size=3), around=st.text("abXY.* "))
def test_no_text_is_left(value: str, around: str) -> None:
    assert value not in hidden(f"{around}{value}{around}", {"value": value}).replace("[hidden]", "|")


def test_a_large_payload_takes_no_long_time() -> None:
    payload = {"values": [f"value {number}" for number in range(10_000)], "text": "x" * 1_000_000}

    began = time.monotonic()
    hidden("value 5000 " * 1000, payload)

    assert time.monotonic() - began < 5


class QuotedError(Exception):
    pass


@pytest.mark.parametrize("max_retries", [0, 25])
def test_an_encrypted_task_stores_no_text_with_its_error(max_retries: int) -> None:
    attempt = delivery()
    attempt.secret_payload = PAYLOAD

    error = QuotedError("no user Ada.Lovelace@example.com")
    error.__cause__ = KeyError("Countess")
    outcome = failed(attempt, error, retries=Retries(max_retries=max_retries))

    assert b"QuotedError: no user [hidden]" in outcome.note
    assert b"[hidden]" in outcome.message
    for value in (b"Lovelace", b"Countess"):
        assert value not in outcome.note + outcome.message


def test_another_task_keeps_the_text_of_its_error() -> None:
    outcome = failed(delivery(), QuotedError("Ada"), retries=Retries())

    assert b"QuotedError: Ada" in outcome.note
