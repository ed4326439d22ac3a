"""The fields of a task's payload, for people who publish one by hand."""

import re
from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, fields
from inspect import formatannotation
from typing import Any, get_type_hints

import msgspec

from internal.ports.tasks import Task

# A text in a Literal, or the modules in front of a name.
_QUOTED_OR_MODULES = re.compile(r"'[^']*'|\"[^\"]*\"|(?:\w+\.)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadField:
    """`type` is the annotation, such as `UUID | None`. `default` is JSON; a required field has None."""

    name: str
    type: str
    is_required: bool
    default: Any


def payload_fields(task_type: type[Task]) -> Sequence[PayloadField]:
    """The fields in the order in which the task declares them."""
    hints = get_type_hints(task_type)
    return [
        PayloadField(
            name=field.name,
            type=_type_name(hints[field.name]),
            is_required=_is_required(field),
            default=None if _is_required(field) else _default(field),
        )
        for field in fields(task_type)  # type: ignore[arg-type]  # a Task is a dataclass
        if field.init
    ]


def _type_name(hint: Any) -> str:
    return _QUOTED_OR_MODULES.sub(
        lambda match: match[0] if match[0][0] in "'\"" else "", formatannotation(hint)
    )


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _default(field: Field[Any]) -> Any:
    value = field.default if field.default_factory is MISSING else field.default_factory()
    return msgspec.to_builtins(value, str_keys=True)
