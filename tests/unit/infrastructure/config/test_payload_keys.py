import os
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.config.invalid_settings import InvalidSettings
from internal.infrastructure.config.payload_keys import parse_payload_keys
from internal.infrastructure.config.settings import Settings, load_settings

ONE, TWO = bytes(range(32)), bytes(range(32, 64))
ONE_TEXT, TWO_TEXT = b64encode(ONE).decode(), b64encode(TWO).decode()


def test_reads_the_keys_in_their_order() -> None:
    keys = parse_payload_keys(f"id1:{ONE_TEXT},id-0:{TWO_TEXT}")

    assert list(keys.by_id.items()) == [("id1", ONE), ("id-0", TWO)]
    assert keys.encrypts


def test_the_word_plain_in_front_makes_the_keys_decrypt_only() -> None:
    keys = parse_payload_keys(f"plain,id1:{ONE_TEXT}")

    assert (keys.by_id, keys.encrypts) == ({"id1": ONE}, False)


def test_without_a_value_nothing_is_encrypted() -> None:
    keys = parse_payload_keys("")

    assert (keys.by_id, keys.encrypts) == ({}, False)


def test_a_key_may_be_named_plain() -> None:
    assert parse_payload_keys(f"plain:{ONE_TEXT}").encrypts


@given(st.binary(min_size=32, max_size=32).filter(lambda key: len(set(key)) >= 16))
def test_reads_any_random_key(key: bytes) -> None:
    assert parse_payload_keys(f"k:{b64encode(key).decode()}").by_id == {"k": key}


@pytest.mark.parametrize(
    "value",
    [
        ONE_TEXT,
        f":{ONE_TEXT}",
        f"ID:{ONE_TEXT}",
        f"id_1:{ONE_TEXT}",
        f"{'x' * 17}:{ONE_TEXT}",
        f"id1:{ONE_TEXT},",
        "plain",
        f"id1:{ONE_TEXT},plain",
        f"id1:{ONE_TEXT}, id0:{TWO_TEXT}",
        f"id1:{ONE_TEXT};id0:{TWO_TEXT}",
        f"id1:{ONE_TEXT},id1:{TWO_TEXT}",
        f"id1:{ONE_TEXT},id0:{ONE_TEXT}",
        "id1:",
        f"id1:{ONE_TEXT[:-4]}",
        f"id1:{ONE_TEXT.rstrip('=')}",
        f"id1:{b64encode(ONE + b'x').decode()}",
        f"id1:{b64encode(bytes(32)).decode()}",
        f"id1:{b64encode(b'changeme' * 4).decode()}",
        f"id1:{ONE.hex()}",
        "id1:\u00e9",
    ],
)
def test_refuses_other_values_without_repeating_them(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TASK_PAYLOAD_KEYS", value)

    with pytest.raises(InvalidSettings) as refused:
        load_settings()

    [problem] = refused.value.problems
    assert problem.startswith("TASK_PAYLOAD_KEYS: must ")
    assert value not in problem
    assert ONE_TEXT[:20] not in problem


def test_settings_do_not_show_the_keys() -> None:
    text = b64encode(os.urandom(32)).decode()

    assert text not in repr(Settings(task_payload_keys=f"id1:{text}"))
    assert "by_id" not in repr(parse_payload_keys(f"id1:{text}"))
