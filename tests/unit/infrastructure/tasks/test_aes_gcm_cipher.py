from base64 import b64decode, b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.tasks.encoded_task import InvalidPayload
from internal.infrastructure.tasks.encrypted_payload import UnknownPayloadKey, key_id_of
from tests.support.payload_keys import cipher

DATA = b'{"email":"ada@example.com"}'
TASK = {"name": "email:welcome", "task_id": "task-1"}
OLD, ROTATED, NEW = cipher("old"), cipher("new", "old"), cipher("new")

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def sealed(payload: dict[str, Any]) -> bytes:
    return b64decode(payload["$encrypted"]["data"])


def with_data(data: object) -> dict[str, Any]:
    return {"$encrypted": {"key": "old", "data": data}}


@given(data=st.binary(), name=texts, task_id=texts)
def test_decrypts_what_it_has_encrypted(data: bytes, name: str, task_id: str) -> None:
    payload = OLD.encrypt(data, name=name, task_id=task_id)

    assert OLD.decrypt(payload, name=name, task_id=task_id) == data


def test_a_payload_names_its_key_and_hides_its_content() -> None:
    payload = OLD.encrypt(DATA, **TASK)

    assert key_id_of(payload) == "old"
    assert set(payload) == {"$encrypted"}
    assert b"ada" not in sealed(payload)
    assert len(sealed(payload)) == 12 + len(DATA) + 16


def test_equal_payloads_are_encrypted_differently() -> None:
    assert len({sealed(OLD.encrypt(DATA, **TASK)) for _ in range(100)}) == 100


@pytest.mark.parametrize("other", [{"name": "email:farewell"}, {"task_id": "task-2"}], ids=repr)
def test_the_payload_of_one_task_is_not_that_of_another(other: dict[str, str]) -> None:
    payload = OLD.encrypt(DATA, **TASK)

    with pytest.raises(InvalidPayload, match="belongs to another task"):
        OLD.decrypt(payload, **{**TASK, **other})


def test_a_name_and_an_id_do_not_run_together() -> None:
    payload = OLD.encrypt(DATA, name="ab", task_id="c")

    with pytest.raises(InvalidPayload):
        OLD.decrypt(payload, name="a", task_id="bc")


@given(place=st.integers(0, 12 + len(DATA) + 16 - 1), bit=st.integers(0, 7))
def test_any_changed_bit_is_noticed(place: int, bit: int) -> None:
    changed = bytearray(sealed(OLD.encrypt(DATA, **TASK)))
    changed[place] ^= 1 << bit

    with pytest.raises(InvalidPayload, match="was changed"):
        OLD.decrypt(with_data(b64encode(changed).decode()), **TASK)


@pytest.mark.parametrize("data", [None, 1, [], "", "no base64!", "AAAA", "AAAA\n" * 20], ids=repr)
def test_malformed_data_is_an_invalid_payload(data: object) -> None:
    with pytest.raises(InvalidPayload, match="malformed"):
        OLD.decrypt(with_data(data), **TASK)


@pytest.mark.parametrize("envelope", [None, "text", [], {}, {"key": 1}, {"key": "old"}], ids=repr)
def test_a_malformed_envelope_is_an_invalid_payload(envelope: object) -> None:
    with pytest.raises(InvalidPayload, match="malformed"):
        OLD.decrypt({"$encrypted": envelope}, **TASK)


def test_a_rotation_reads_old_payloads_and_writes_with_the_new_key() -> None:
    before, after = OLD.encrypt(DATA, **TASK), ROTATED.encrypt(DATA, **TASK)

    assert ROTATED.decrypt(before, **TASK) == ROTATED.decrypt(after, **TASK) == DATA
    assert key_id_of(after) == "new"
    assert NEW.decrypt(after, **TASK) == DATA


def test_names_the_key_that_it_does_not_have() -> None:
    with pytest.raises(UnknownPayloadKey, match="no key 'old' for its payload"):
        NEW.decrypt(OLD.encrypt(DATA, **TASK), **TASK)


def test_another_key_under_the_same_id_is_noticed() -> None:
    payload = NEW.encrypt(DATA, **TASK)
    payload["$encrypted"]["key"] = "old"

    with pytest.raises(InvalidPayload):
        OLD.decrypt(payload, **TASK)


def test_digests_are_equal_for_equal_values_and_the_same_first_key() -> None:
    assert ROTATED.digest(DATA) == NEW.digest(DATA) != OLD.digest(DATA)
    assert NEW.digest(DATA) != NEW.digest(DATA + b" ")
    assert len(NEW.digest(DATA)) == 32
