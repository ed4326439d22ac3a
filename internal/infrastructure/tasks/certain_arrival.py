"""Decides by the field types whether a task must be decoded and compared before it is stored."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from operator import attrgetter, contains
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

# Values of these types decode to equal values, even after jsonb has stored them.
_CERTAIN = frozenset({str, int, bool, NoneType, UUID})

Check = Callable[[Any], bool]


def certainty(task_type: type[Any]) -> Check:
    """Return a check for tasks of this class: every value has exactly the declared type."""
    its_fields = fields(task_type)
    if hasattr(task_type, "__post_init__") or not all(field.init for field in its_fields):
        return lambda _: False  # the code of the class may change the value
    hints = get_type_hints(task_type, include_extras=True)
    accepted = tuple(_CERTAIN & _members(hints[field.name]) for field in its_fields)
    if not all(accepted):
        return lambda _: False
    # The extra name makes it return a tuple even for a single field.
    values = attrgetter(*(field.name for field in its_fields), "task_name")
    return lambda task: all(map(contains, accepted, map(type, values(task))))


def compares_all(task_type: type[Any]) -> bool:
    """Tell if `==` compares every value of such tasks: a dataclass can exclude fields."""
    hints = get_type_hints(task_type)
    return all(field.compare and not _has_dataclass(hints[field.name]) for field in fields(task_type))


def _has_dataclass(hint: Any) -> bool:
    return is_dataclass(hint) or any(map(_has_dataclass, get_args(hint)))


def _members(hint: Any) -> frozenset[Any]:
    return frozenset(get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,))
