"""The fields of a task's payload as a form: one input for each, typed as the task declares it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from internal.infrastructure.http.dashboard.form_field import FormField, Typed, Widget, sentence
from internal.infrastructure.tasks.option_texts import parse_json
from internal.infrastructure.tasks.payload_fields import PayloadField, payload_fields
from internal.ports.tasks import Task

_WIDGETS: Mapping[object, Widget] = {
    str: "text",
    UUID: "text",
    int: "number",
    float: "number",
    bool: "checkbox",
    date: "date",
    datetime: "datetime-local",
}
_WORDS: Mapping[object, str] = {
    int: "must be a whole number",
    float: "must be a number",
    UUID: "must be a UUID",
    date: "must be a date",
    datetime: "must be a date and a time",
}
_TEXTS: frozenset[Widget] = frozenset({"text", "date", "datetime-local"})
_NOTHING = ("", "none")


class Misfit(ValueError):
    """The text does not fit the field. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadInput:
    """A field of the payload, and how its input is read. `kind` is its type without `| None`."""

    field: PayloadField
    hint: Any
    kind: Any
    is_optional: bool
    widget: Widget

    def form_field(self, typed: Typed | None) -> FormField:
        """The input as it is at first, or with what was typed."""
        name = f"payload.{self.field.name}"
        return FormField(
            name=name,
            label=self.field.name,
            widget=self.widget,
            kind=f"{self.field.type}, in UTC" if self.widget == "datetime-local" else self.field.type,
            text=self._default() if typed is None else typed.get(name, ""),
            choices=self._choices(),
            is_required=self.field.is_required and not self.is_optional and self.widget != "checkbox",
        )

    def read(self, text: str) -> Any:
        """The JSON value of what was typed. Raises Misfit."""
        if self.widget == "checkbox":
            return bool(text)
        if not text and (self.is_optional or self._is_empty_text_possible):
            return None if self.is_optional else ""
        if not text:
            raise Misfit("is required")
        value = self._value(text)
        try:
            msgspec.convert(value, self.hint, str_keys=True)
        except msgspec.ValidationError as error:
            raise Misfit(_WORDS.get(self.kind, str(error))) from error
        return value

    @property
    def _is_empty_text_possible(self) -> bool:
        return self.kind is str and not self.field.is_required

    def _value(self, text: str) -> Any:
        if self.widget == "datetime-local":
            return _in_utc(text)
        if self.widget in _TEXTS:
            return text
        try:
            return parse_json(text)
        except ValueError as error:
            raise Misfit(_WORDS.get(self.kind, str(error))) from error

    def _default(self) -> str:
        value = self.field.default
        if value is None or value is False:
            return ""
        if self.widget == "datetime-local":
            return str(value).partition("+")[0].removesuffix("Z")
        return str(value) if self.widget in _TEXTS else json.dumps(value, ensure_ascii=False)

    def _choices(self) -> Sequence[tuple[str, str]]:
        if self.widget != "select":
            return ()
        none = [_NOTHING] if self.is_optional else []
        return [*none, *((json.dumps(choice), str(choice)) for choice in _values_of(self.kind))]


def payload_inputs(task_type: type[Task]) -> Sequence[PayloadInput]:
    hints = get_type_hints(task_type, include_extras=True)
    return [_input(field, hints[field.name]) for field in payload_fields(task_type)]


def payload_of(inputs: Sequence[PayloadInput], typed: Typed) -> tuple[dict[str, Any], dict[str, str]]:
    """The values that are not the defaults, and what is wrong, both by the names of the fields."""
    values, errors = {}, {}
    for each in inputs:
        name = each.field.name
        try:
            value = each.read(typed.get(f"payload.{name}", ""))
        except Misfit as misfit:
            errors[name] = sentence(str(misfit))
        else:
            if each.field.is_required or json.dumps(value) != json.dumps(each.field.default):
                values[name] = value
    return values, errors


def with_errors(fields: Sequence[FormField], errors: Mapping[str, str]) -> Sequence[FormField]:
    """The fields, with the errors of their labels."""
    return [replace(field, error=errors.get(field.label, "")) for field in fields]


def _input(field: PayloadField, hint: Any) -> PayloadInput:
    kind, is_optional = _without_none(hint)
    widget: Widget = "select" if _values_of(kind) else _WIDGETS.get(kind, "json")
    if kind is bool and is_optional:
        widget = "select"
    return PayloadInput(field=field, hint=hint, kind=kind, is_optional=is_optional, widget=widget)


def _without_none(hint: Any) -> tuple[Any, bool]:
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if get_origin(bare) not in {Union, UnionType}:
        return bare, False
    kinds = [kind for kind in get_args(bare) if kind is not NoneType]
    is_optional = len(kinds) < len(get_args(bare))
    return (kinds[0] if len(kinds) == 1 else bare), is_optional


def _values_of(kind: Any) -> Sequence[Any]:
    """The JSON values of a type that has only a few."""
    if get_origin(kind) is Literal:
        return [value for value in get_args(kind) if value is not None]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [msgspec.to_builtins(member) for member in kind]
    return []


def _in_utc(text: str) -> str:
    """Browsers send a time without a zone, and may leave out the seconds."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).isoformat()
