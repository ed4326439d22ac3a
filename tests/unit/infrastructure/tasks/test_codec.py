import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from internal.infrastructure.tasks.codec import TaskCodec, UnknownTask
from internal.infrastructure.tasks.encoded_task import InvalidPayload
from internal.ports.tasks import TaskOptions

USER_ID = UUID("0190c5a0-0000-7000-8000-000000000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Greet:
    task_name: ClassVar[str] = "test:greet"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    user_id: UUID
    email: str
    name: str


CODEC = TaskCodec([Greet])
GREETING = Greet(user_id=USER_ID, email="ada@example.com", name="Ada")
WIRE = {"user_id": str(USER_ID), "email": "ada@example.com", "name": "Ada"}

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrouted:
    """A task that no worker knows."""

    task_name: ClassVar[str] = "email:unrouted"
    task_options: ClassVar[TaskOptions] = TaskOptions()


def test_the_wire_payload_has_the_fields_and_nothing_else() -> None:
    encoded = CODEC.encode(GREETING, task_id="task-1", options=TaskOptions())

    assert (encoded.id, encoded.name, encoded.payload) == ("task-1", "test:greet", WIRE)


@given(user_id=st.uuids(), name=texts)
def test_an_encoded_task_can_be_decoded(user_id: UUID, name: str) -> None:
    task = Greet(user_id=user_id, email="ada@example.com", name=name)

    encoded = CODEC.encode(task, task_id="task-1", options=TaskOptions())

    assert CODEC.decode(encoded.name, encoded.payload) == task


def test_a_task_without_a_route_cannot_be_encoded() -> None:
    with pytest.raises(UnknownTask, match="email:unrouted"):
        CODEC.encode(Unrouted(), task_id="task-1", options=TaskOptions())


def test_a_task_of_an_unknown_name_cannot_be_decoded() -> None:
    with pytest.raises(UnknownTask, match="email:unrouted"):
        CODEC.decode("email:unrouted", {})


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({**WIRE, "user_id": "canary"}, "user_id"),
        ({**WIRE, "email": ["canary"]}, "email"),
        ({"user_id": str(USER_ID), "email": "canary"}, "name"),
        ({}, "user_id"),
    ],
)
def test_an_invalid_payload_is_refused_without_showing_its_values(
    payload: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidPayload, match=field) as refused:
        CODEC.decode("test:greet", payload)

    assert "canary" not in str(refused.value)


def test_a_field_of_a_newer_version_is_ignored() -> None:
    assert CODEC.decode("test:greet", {**WIRE, "locale": "eo"}) == GREETING


@given(st.dictionaries(st.sampled_from([*WIRE, "other"]), st.none() | st.text() | st.integers()))
def test_no_payload_ends_in_another_error(payload: dict[str, Any]) -> None:
    try:
        task = CODEC.decode("test:greet", payload)
    except InvalidPayload:
        return

    assert msgspec.to_builtins(task).keys() == WIRE.keys()


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    task_name: ClassVar[str] = "test:rolling"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Newer:
    task_name: ClassVar[str] = "test:rolling"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    name: str
    locale: str = "en"


def test_a_newer_worker_understands_a_message_with_a_field_less() -> None:
    encoded = TaskCodec([Older]).encode(Older(name="Ada"), task_id="1", options=TaskOptions())

    assert TaskCodec([Newer]).decode(encoded.name, encoded.payload) == Newer(name="Ada", locale="en")


@dataclass(frozen=True)
class Inner:
    hidden: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiding:
    """Equal to any other, whatever it has."""

    task_name: ClassVar[str] = "test:hiding"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    hidden: Any = field(default=None, compare=False)
    inner: Inner | None = None
    several: Mapping[str, tuple[Inner, ...]] = field(default_factory=dict)


@pytest.mark.parametrize("value", [float("nan"), b"bytes", {1: "a"}, (1, 2)])
def test_a_field_that_is_not_compared_arrives_unchanged_or_is_refused(value: Any) -> None:
    codec = TaskCodec([Hiding])

    for task in (
        Hiding(hidden=value),
        Hiding(inner=Inner(value)),
        Hiding(several={"a": (Inner(), Inner(value))}),
    ):
        with pytest.raises(ValueError, match="would arrive changed"):
            codec.encode(task, task_id="1", options=TaskOptions())


@dataclass(frozen=True, slots=True, kw_only=True)
class Certain:
    """One whose fields have only types of which nothing is read back."""

    task_name: ClassVar[str] = "test:certain"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    text: str = ""
    number: int | None = None
    either: int | bool = 0
    user_id: UUID | None = None


careless = (
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.text(st.characters(exclude_categories=()))
) | (st.floats() | st.uuids() | st.binary() | st.lists(st.integers()))


@example(task=Certain(text=b"eA=="))  # type: ignore[arg-type]  # as a careless caller does
@example(task=Certain(text="caf\udce9"))
@example(task=Certain(text="\0"))
@example(task=Certain(number=True))
@example(task=Certain(number=2**64))
@example(task=Certain(number=-(2**63), either=2**63))
@given(
    task=st.builds(Certain, text=careless, number=careless, either=careless, user_id=careless)
    | st.builds(Certain)  # and by its annotations
)
def test_a_value_that_is_not_read_back_arrives_unchanged_or_is_refused(task: Certain) -> None:
    codec = TaskCodec([Certain])
    try:
        encoded = codec.encode(task, task_id="1", options=TaskOptions())
    except ValueError:
        return

    arrived = codec.decode(encoded.name, json.loads(json.dumps(encoded.payload)))
    for name in ("text", "number", "either", "user_id"):
        sent, got = getattr(task, name), getattr(arrived, name)
        assert (type(got), got) == (type(sent), sent)


@dataclass(frozen=True, kw_only=True)
class Adjusting:
    """Its own code makes something else of it."""

    task_name: ClassVar[str] = "test:adjusting"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    text: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"{self.text}!")


def test_a_task_that_changes_itself_when_it_is_read_is_refused() -> None:
    with pytest.raises(ValueError, match="text would arrive changed"):
        TaskCodec([Adjusting]).encode(Adjusting(text="a"), task_id="1", options=TaskOptions())
