from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from uuid import UUID

import pytest

from internal.infrastructure.tasks.payload_fields import payload_fields
from internal.ports.tasks import TaskOptions


@dataclass(frozen=True, slots=True)
class Address:
    city: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    task_name: ClassVar[str] = "test:everything"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    id: UUID
    maybe: UUID | None = None
    counts: dict[str, int] = field(default_factory=lambda: {"one": 1})
    due: datetime | None = None
    kind: Literal["a.b", "c"] = "a.b"
    home: Address = Address("Paris")
    wait: timedelta = timedelta(seconds=90)
    computed: int = field(default=0, init=False)


FIELDS = {field.name: field for field in payload_fields(Everything)}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("id", "UUID"),
        ("maybe", "UUID | None"),
        ("counts", "dict[str, int]"),
        ("due", "datetime | None"),
        ("kind", "Literal['a.b', 'c']"),
        ("home", "Address"),
    ],
)
def test_names_a_type_as_a_person_writes_it(name: str, shown: str) -> None:
    assert FIELDS[name].type == shown


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("maybe", None),
        ("counts", {"one": 1}),
        ("kind", "a.b"),
        ("home", {"city": "Paris", "lines": ()}),
        ("wait", "PT90S"),
    ],
)
def test_a_default_is_what_json_has(name: str, default: Any) -> None:
    assert (FIELDS[name].is_required, FIELDS[name].default) == (False, default)


def test_a_field_without_a_default_is_required() -> None:
    assert (FIELDS["id"].is_required, FIELDS["id"].default) == (True, None)


def test_a_field_that_is_computed_is_left_out() -> None:
    assert "computed" not in FIELDS
