"""A field of a form that is made at run time, and what was typed into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Widget = Literal["text", "number", "checkbox", "select", "date", "datetime-local", "json", "lines"]
# Browsers leave out what is empty or not checked.
Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """name: of the input. kind: what fits, for people. text: what it shows. choices: values and labels."""

    name: str
    label: str
    widget: Widget
    kind: str
    text: str = ""
    choices: Sequence[tuple[str, str]] = ()
    is_required: bool = False
    error: str = ""


def sentence(problem: str) -> str:
    """For example "must not be negative" as "Must not be negative."."""
    return f"{problem[:1].upper()}{problem[1:].rstrip('.')}."
