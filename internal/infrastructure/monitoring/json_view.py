"""A value as JSON in pieces, each with its kind, so that a template can colour it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from internal.infrastructure.escape import cut, escape
from internal.infrastructure.monitoring.personal_data import LONGEST_TEXT, MASK, MOST_ITEMS

# Deeper values are cut, and so is all that follows after this many pieces.
DEEPEST = 20
MOST_PIECES = 4_000
LONGEST_KEY = 200
_MORE = "…"
Kind = Literal["plain", "key", "text", "mask"]


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    kind: Kind = "plain"


def pieces_of(value: object) -> Sequence[Piece]:
    """The value on indented lines. It is cut where it is long or deep."""
    found: list[Piece] = []
    for piece in _pieces(value, depth=0):
        if len(found) == MOST_PIECES:
            return [*found, Piece(_MORE)]
        found.append(piece)
    return found


def _pieces(value: object, *, depth: int) -> Iterator[Piece]:
    if isinstance(value, Mapping) and value:
        yield from _block("{", "}", [(str(key), inner) for key, inner in value.items()], depth)
    elif isinstance(value, list | tuple) and value:
        yield from _block("[", "]", [(None, inner) for inner in value], depth)
    elif value == MASK:
        yield Piece(MASK, "mask")
    else:
        yield Piece(_scalar(value), "text" if isinstance(value, str) else "plain")


def _block(
    opening: str, closing: str, items: Sequence[tuple[str | None, object]], depth: int
) -> Iterator[Piece]:
    if depth == DEEPEST:
        yield Piece(f"{opening}{_MORE}{closing}")
        return
    yield Piece(opening)
    for number, (key, inner) in enumerate(items[:MOST_ITEMS]):
        yield Piece(f"{',' if number else ''}\n{'  ' * (depth + 1)}")
        if key is not None:
            yield Piece(_scalar(cut(key, LONGEST_KEY)), "key")
            yield Piece(": ")
        yield from _pieces(inner, depth=depth + 1)
    if len(items) > MOST_ITEMS:
        yield Piece(f",\n{'  ' * (depth + 1)}{_MORE} {len(items) - MOST_ITEMS} more")
    yield Piece(f"\n{'  ' * depth}{closing}")


def _scalar(value: object) -> str:
    shown = cut(value, LONGEST_TEXT) if isinstance(value, str) else value
    return escape(msgspec.json.encode(shown, enc_hook=str).decode())
