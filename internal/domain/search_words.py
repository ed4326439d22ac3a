"""How a search splits text into words. The index of the users splits in the same way."""

import re

# Everything in ASCII except letters and digits. Postgres reads this expression, too.
SEPARATORS = r"[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+"
_SEPARATORS = re.compile(SEPARATORS)


def words_of(text: str) -> tuple[str, ...]:
    """The words of `text`. For example `O'Brien <ob@example.com>` has o, brien, ob, example and com."""
    return tuple(word for word in _SEPARATORS.split(text.lower()) if word)
