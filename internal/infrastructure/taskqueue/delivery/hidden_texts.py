"""Hides the texts of an encrypted payload in what is stored and logged about an error."""

import re
from collections.abc import Iterator
from typing import Any

HIDDEN = "[hidden]"
# Characters. Shorter texts are common in other words.
SHORTEST = 3


def hidden(text: str, payload: Any) -> str:
    """Return the text without the texts of a payload, in any case, plain or as `repr` writes them."""
    found = {form for each in _texts(payload) for form in (each, repr(each)[1:-1]) if len(each) >= SHORTEST}
    folded = text.casefold()
    # The longest first: a name may be a part of an address.
    for each in sorted(found, key=len, reverse=True):
        if each.casefold() in folded:
            text = re.sub(re.escape(each), HIDDEN, text, flags=re.IGNORECASE)
    return text


def _texts(payload: Any) -> Iterator[str]:
    """All texts in a payload but the names of its fields. Keys of nested objects may be secret."""
    left = list(payload.values())
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            left += [*value, *value.values()]
