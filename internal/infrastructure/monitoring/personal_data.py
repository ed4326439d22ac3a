"""Masks the personal data and the secrets in payloads, results, headers and errors."""

import re
from collections.abc import Mapping, Sequence

MASK = "•••"
# Deeper values are not shown. An attacker's payload may be nested thousands of times.
DEEPEST = 12
# Characters of a text, and items of a list or a mapping, that are shown.
LONGEST_TEXT = 2_000
MOST_ITEMS = 200
_TOO_DEEP = "…"

_SECRET_KEY = re.compile(
    r"mail|name|passw|secret|token|phone|mobile|address|authorization|cookie|birth|iban"
    r"|(?:^|[_-])(?:ip|key|to|from|user_agent)(?:$|[_-])",
    re.IGNORECASE,
)
# Bounded, so that a long text without an at sign takes linear time.
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]{1,64}@[^\s@<>\"'(),;:]{1,255}")


def masked(value: object, *, depth: int = 0) -> object:
    """The value without what looks personal or secret, by the names of its fields and by its texts.

    Long and deep values are cut, so the cost is bounded.
    """
    match value:
        case str():
            return masked_text(value)
        case Mapping():
            return {
                masked_text(str(key)): MASK
                if inner is not None and _SECRET_KEY.search(str(key)[:LONGEST_TEXT])
                else _inside(inner, depth)
                for key, inner in list(value.items())[:MOST_ITEMS]
            }
        case Sequence() if not isinstance(value, bytes):
            return [_inside(inner, depth) for inner in value[:MOST_ITEMS]]
        case _:
            return value


def masked_text(text: str, most: int = LONGEST_TEXT) -> str:
    """The text, cut, without email addresses."""
    return _EMAIL.sub(MASK, text[: most + 64])[:most]


def _inside(value: object, depth: int) -> object:
    return masked(value, depth=depth + 1) if depth < DEEPEST else _TOO_DEEP
