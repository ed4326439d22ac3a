from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar, Literal
from uuid import UUID

import pytest

from internal.infrastructure.http.dashboard.form_field import FormField
from internal.infrastructure.http.dashboard.payload_form import payload_inputs, payload_of
from internal.infrastructure.tasks.codec import TaskCodec
from internal.ports.tasks import TaskOptions

ID = "e93ad238-1f7d-4f21-897f-7ec0d8fb3744"


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


@dataclass(frozen=True, slots=True)
class Address:
    city: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    task_name: ClassVar[str] = "test:everything"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    id: UUID
    text: str
    note: str = "none yet"
    maybe: str | None = None
    number: int = 3
    share: float | None = None
    flag: bool = False
    consent: bool | None = None
    day: date | None = None
    due: datetime | None = None
    kind: Literal["a", "b"] = "a"
    size: Size | None = None
    home: Address | None = None
    many: list[int] = field(default_factory=lambda: [1])
    mixed: int | str = 1


INPUTS = payload_inputs(Everything)
REQUIRED = {"payload.id": ID, "payload.text": "x"}
# As a browser sends the form when nobody changes a field.
UNCHANGED = {input_.form_field(None).name: input_.form_field(None).text for input_ in INPUTS} | REQUIRED


def fields(typed: Mapping[str, str] | None = None) -> Mapping[str, FormField]:
    return {each.field.name: each.form_field(typed) for each in INPUTS}


def read(**typed: str) -> tuple[dict[str, Any], dict[str, str]]:
    return payload_of(INPUTS, UNCHANGED | {f"payload.{name}": text for name, text in typed.items()})


def test_each_type_has_its_input() -> None:
    assert {name: each.widget for name, each in fields().items()} == {
        "id": "text",
        "text": "text",
        "note": "text",
        "maybe": "text",
        "number": "number",
        "share": "number",
        "flag": "checkbox",
        "consent": "select",
        "day": "date",
        "due": "datetime-local",
        "kind": "select",
        "size": "select",
        "home": "json",
        "many": "json",
        "mixed": "json",
    }


def test_an_input_shows_the_default_at_first() -> None:
    assert (fields()["note"].text, fields()["number"].text, fields()["many"].text) == ("none yet", "3", "[1]")
    assert (fields()["maybe"].text, fields()["kind"].text) == ("", '"a"')
    assert fields()["size"].choices == [("", "none"), ('"s"', "s"), ('"l"', "l")]


def test_a_default_is_left_to_the_task() -> None:
    values, errors = read()

    assert errors == {}
    assert values == {"id": ID, "text": "x"}
    assert isinstance(TaskCodec([Everything]).decode("test:everything", values), Everything)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("note", "", ""),
        ("maybe", "x", "x"),
        ("number", "-12", -12),
        ("share", "0.5", 0.5),
        ("flag", "true", True),
        ("consent", "false", False),
        ("day", "2026-03-01", "2026-03-01"),
        ("due", "2026-03-01T09:30", "2026-03-01T09:30:00+00:00"),
        ("due", "2026-03-01T09:30:00+02:00", "2026-03-01T09:30:00+02:00"),
        ("kind", '"b"', "b"),
        ("size", '"l"', "l"),
        ("home", '{"city": "Paris"}', {"city": "Paris"}),
        ("many", "[1, 2]", [1, 2]),
        ("mixed", '"x"', "x"),
    ],
)
def test_reads_what_was_typed(name: str, text: str, value: object) -> None:
    values, errors = read(**{name: text})

    assert errors == {}
    assert values[name] == value
    assert isinstance(TaskCodec([Everything]).decode("test:everything", values), Everything)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("id", "", "Is required."),
        ("id", "7", "Must be a UUID."),
        ("text", "", "Is required."),
        ("number", "", "Is required."),
        ("number", "1.5", "Must be a whole number."),
        ("number", "three", "Must be a whole number."),
        ("number", "9" * 5000, "Must be a whole number."),
        ("share", "much", "Must be a number."),
        ("day", "yesterday", "Must be a date."),
        ("due", "noon", "Must be a date and a time."),
        ("kind", '"c"', "Invalid enum value 'c'."),
        ("home", '{"city": 1}', "Expected `str`, got `int` - at `$.city`."),
        ("home", "{", "Not valid JSON"),
        ("home", '{"city": "a", "city": "b"}', "duplicate key"),
        ("many", "[" * 5000, "Nested too deeply."),
    ],
)
def test_says_beside_each_field_what_does_not_fit(name: str, text: str, why: str) -> None:
    _, errors = read(**{name: text})

    assert list(errors) == [name]
    assert why in errors[name]


def test_an_input_keeps_what_was_typed() -> None:
    assert fields({"payload.number": "three"})["number"].text == "three"
    assert fields({})["note"].text == ""
