"""Tasks that a codec with a cipher encodes: payloads, locks, limits and followers."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.database.outbox.json_columns import (
    followers_from_json,
    followers_to_json,
    options_from_json,
    options_to_json,
)
from internal.infrastructure.taskqueue.protocol.stored_message import (
    FOLLOWERS,
    StoredMessage,
    to_stored_message,
)
from internal.infrastructure.tasks.aes_gcm_cipher import AesGcmCipher
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.encoded_task import EncodedTask, InvalidPayload
from internal.infrastructure.tasks.encrypted_payload import UnknownPayloadKey, shown
from internal.infrastructure.tasks.storable import NotStorable
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.ports.tasks import TaskOptions
from tests.support.payload_keys import cipher

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CANARY = "ada@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    task_name: ClassVar[str] = "test:note"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    text: str = CANARY
    number: float = 1.0
    more: dict[str, list[str]] | None = None


PLAIN = TaskCodec([Note])
CIPHER = cipher("new", "old")
CODEC = TaskCodec([Note], CIPHER)

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
notes = st.builds(
    Note,
    text=texts,
    number=st.floats(allow_nan=False, allow_infinity=False),
    more=st.none() | st.dictionaries(texts, st.lists(texts)),
)


def encoded(
    task: Note | None = None, *, by: TaskCodec = CODEC, task_id: str = "1", **options: Any
) -> EncodedTask:
    return by.encode(task or Note(), task_id=task_id, options=replace(TaskOptions(), **options))


def through_the_outbox(task: EncodedTask) -> EncodedTask:
    """As a row is stored and read: every part is JSON."""
    payload, options, followers = msgspec.json.decode(
        msgspec.json.encode((task.payload, options_to_json(task.options), followers_to_json(task.followers)))
    )
    return replace(
        task,
        payload=payload,
        options=options_from_json(options),
        followers=followers_from_json(followers),
        is_stored=True,
    )


def stored(task: EncodedTask) -> StoredMessage:
    return to_stored_message(task, now=NOW)


def options_in(message: StoredMessage) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(msgspec.msgpack.decode(message.message))
    return dict(fields["options"])


@given(task=notes, task_id=texts)
def test_a_task_arrives_as_it_was_encoded(task: Note, task_id: str) -> None:
    arrived = through_the_outbox(encoded(task, task_id=task_id))

    assert decoded(arrived) == task


def test_without_keys_nothing_changes_on_the_wire() -> None:
    task = encoded(by=PLAIN, unique_for=HOUR, unique_key=CANARY, rate=None)

    assert task.payload == {"text": CANARY, "number": 1.0, "more": None}
    assert task.options.unique_key == CANARY
    assert "format" not in options_in(stored(task))


def test_keys_that_only_decrypt_change_nothing_on_the_wire() -> None:
    reading = AesGcmCipher({"new": bytes(32)}, random=bytes, encrypts=False)

    task = encoded(by=TaskCodec([Note], reading), unique_for=HOUR, unique_key=CANARY)

    assert task == encoded(by=PLAIN, unique_for=HOUR, unique_key=CANARY)


def test_an_encrypted_task_has_a_format_that_older_workers_put_back() -> None:
    assert options_in(stored(encoded()))["format"] == 2
    assert options_in(stored(through_the_outbox(encoded())))["format"] == 2


def test_no_value_is_left_in_what_is_stored() -> None:
    task = encoded(unique_for=HOUR, unique_key=CANARY, max_running=1, limit_key=CANARY)
    rows = [task.payload, options_to_json(task.options), stored(task).constraints]

    assert CANARY.encode() in bytes(stored(encoded(by=PLAIN)).message)
    assert CANARY.encode() not in msgspec.json.encode(rows) + bytes(stored(task).message)


def test_the_tasks_of_a_chain_are_encrypted_each_with_its_own_id() -> None:
    ids = count(1)
    encoder = TaskEncoder(codec=CODEC, new_id=lambda: UUID(int=next(ids)))

    chain = encoder.encode_chain([Note(), Note(text="Countess")], on_failure=Note(text="Lovelace"))

    row = through_the_outbox(chain)
    assert row.followers
    [following], [failed] = row.followers.on_success, row.followers.on_failure
    assert decoded(row) == Note()
    assert decoded(following) == Note(text="Countess")
    assert decoded(failed) == Note(text="Lovelace")
    message = stored(row)
    parts = [bytes(each) for each in (message.message, *map(message.constraints.get, FOLLOWERS))]
    parts.append(msgspec.json.encode(followers_to_json(row.followers)))
    for text in (CANARY, "Countess", "Lovelace"):
        assert text.encode() not in b"".join(parts)


def decoded(task: EncodedTask) -> object:
    return CODEC.decode(task.name, CODEC.decrypt(task.name, task.payload, task_id=task.id))


def lock(task: EncodedTask) -> object:
    return stored(task).constraints["lock"]


def test_equal_payloads_have_one_lock_in_redis_and_in_the_outbox() -> None:
    one, other = encoded(task_id="1", unique_for=HOUR), encoded(task_id="2", unique_for=HOUR)

    assert lock(one) == lock(other) == lock(through_the_outbox(other))
    assert lock(one) != lock(encoded(Note(text="Grace"), unique_for=HOUR))
    assert lock(one) != lock(encoded(by=PLAIN, unique_for=HOUR))


def test_numbers_that_jsonb_changes_have_the_same_lock() -> None:
    large = encoded(Note(number=1e22), unique_for=HOUR)
    whole = encoded(Note(number=10**22), unique_for=HOUR)

    assert lock(large) == lock(whole)


def test_equal_keys_have_one_lock_whatever_the_payload() -> None:
    one = encoded(Note(text="a"), unique_for=HOUR, unique_key="one")
    other = encoded(Note(text="b"), unique_for=HOUR, unique_key="one")

    assert lock(one) == lock(other)
    assert lock(one) != lock(encoded(unique_for=HOUR, unique_key="two"))


def test_a_lock_depends_on_the_first_key_alone() -> None:
    other_order, only_first = (TaskCodec([Note], cipher(*ids)) for ids in (("old", "new"), ("new",)))

    ours = lock(encoded(unique_for=HOUR))

    assert ours == lock(encoded(by=only_first, unique_for=HOUR))
    assert ours != lock(encoded(by=other_order, unique_for=HOUR))


def test_a_limit_on_a_name_stays_and_one_with_a_key_gets_a_digest() -> None:
    assert encoded(max_running=1).options.limit_key is None
    assert encoded(max_running=1, limit_key="k").options.limit_key not in {None, "k"}


def test_refuses_what_it_refuses_without_keys() -> None:
    with pytest.raises(NotStorable, match="NUL"):
        encoded(Note(text="\0"))


def test_a_worker_without_the_key_names_it() -> None:
    with pytest.raises(UnknownPayloadKey, match="no key 'new'"):
        PLAIN.decrypt("test:note", encoded().payload, task_id="1")


def test_a_malformed_envelope_is_an_invalid_payload_without_keys_too() -> None:
    with pytest.raises(InvalidPayload, match="malformed"):
        PLAIN.decrypt("test:note", {"$encrypted": {}}, task_id="1")


@pytest.mark.parametrize(
    ("with_keys", "task_id", "view"),
    [
        (CIPHER, "1", {"text": CANARY, "number": 1.0, "more": None}),
        (None, "1", "encrypted with key new"),
        (cipher("old"), "1", "encrypted with key new"),
        (CIPHER, "2", "encrypted: its encrypted payload was changed or belongs to another task"),
    ],
    ids=["with the key", "without keys", "with another key", "as the payload of another task"],
)
def test_an_operator_sees_the_payload_or_why_not(with_keys: Any, task_id: str, view: object) -> None:
    payload = encoded().payload

    assert shown(payload, cipher=with_keys, name="test:note", task_id=task_id) == view


@pytest.mark.parametrize("payload", [None, [1], {"args": [1]}, {}], ids=repr)
def test_an_operator_sees_plain_payloads_as_they_are(payload: object) -> None:
    assert shown(payload, cipher=CIPHER, name="test:note", task_id="1") == payload
