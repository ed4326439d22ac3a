"""A traceback in lines, each with its kind, so that a template can show where our own code is in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from internal.infrastructure.monitoring.personal_data import masked_text

# Lines of a frame begin with these spaces, or with the bars of a group's members.
_FRAME = re.compile(r'[ |]*  File "([^"]*)", line \d+, in ')
_INSIDE = re.compile(r"[ |]")
_LIBRARY = re.compile(
    r"[/\\](?:site-packages|dist-packages|lib[/\\]python[\d.]+)[/\\]|^<|[/\\]taskqueue[/\\]"
)
# Characters. The engine stores no longer ones.
LONGEST = 33_000
_HEADING = "Traceback (most recent call last):"

Kind = Literal["own", "lib", "error", "plain"]


@dataclass(frozen=True, slots=True)
class Line:
    """own: a frame of our own code. lib: another one. error: the type and the text of an error."""

    text: str
    kind: Kind


def lines_of(traceback: str, *, is_masked: bool = True) -> Iterator[Line]:
    kind: Kind = "plain"
    shown = masked_text(traceback, LONGEST) if is_masked else traceback[:LONGEST]
    for text in shown.rstrip().split("\n"):
        if frame := _FRAME.match(text):
            kind = "lib" if _LIBRARY.search(frame[1]) else "own"
        elif not text or text.startswith((_HEADING, "During ")) or text.endswith("exception:"):
            kind = "plain"
        elif not _INSIDE.match(text):
            kind = "error"
        yield Line(text, kind)
