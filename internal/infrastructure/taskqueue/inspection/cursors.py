import base64
import json
import re
from collections.abc import Sequence

# Score and id: the place of a task among the tasks in its state.
Position = tuple[str, str]

_SCORE = re.compile(r"-?\d{1,17}(\.\d{1,17})?|inf", re.ASCII)


def to_cursor(position: Position) -> str:
    """Encode a position as text that is safe in a URL and on a command line."""
    return encode(position)


def from_cursor(cursor: str) -> Position:
    """Raise ValueError for a text that `to_cursor` cannot return."""
    found = decode(cursor)
    if len(found) == len(("score", "id")) and _SCORE.fullmatch(found[0]):
        return found[0], found[1]
    raise invalid(cursor)


def encode(texts: Sequence[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(texts).encode()).decode().rstrip("=")


def decode(cursor: str) -> list[str]:
    """Raise ValueError for a text that `encode` cannot return."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        raise invalid(cursor) from None
    if isinstance(found, list) and all(isinstance(text, str) for text in found):
        return found
    raise invalid(cursor)


def invalid(cursor: str) -> ValueError:
    return ValueError(f"{cursor!r} is not a valid cursor")
