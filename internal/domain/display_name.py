import unicodedata
from dataclasses import dataclass
from typing import Self

from internal.domain.errors import InvalidInput

MIN_LENGTH = 3
MAX_LENGTH = 100

# Controls, invisible formatting (bidirectional, zero-width), surrogates, private use, unassigned, line
# separators: no part of a name, and used to forge headers or to pass for another user.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


# Letters and symbols by their category, but blank: Hangul fillers and the empty Braille pattern.
_REFUSED_CHARACTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


class InvalidDisplayName(InvalidInput):
    def __init__(self, message: str) -> None:
        super().__init__({"name": [message]})


@dataclass(frozen=True, slots=True)
class DisplayName:
    """What a user is called: 3 to 100 characters of NFC-normalised, visible text."""

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Normalise `text`.

        Raises:
            InvalidDisplayName: too short, too long, or with characters that cannot be seen.
        """
        normalised = unicodedata.normalize("NFC", text).strip()
        if not MIN_LENGTH <= len(normalised) <= MAX_LENGTH:
            raise InvalidDisplayName(f"must be between {MIN_LENGTH} and {MAX_LENGTH} characters")
        if any(map(_is_invisible, normalised)):
            raise InvalidDisplayName("must not contain control or invisible characters")
        return cls(normalised)

    def __str__(self) -> str:
        return self.value


def _is_invisible(character: str) -> bool:
    return character in _REFUSED_CHARACTERS or unicodedata.category(character) in _REFUSED_CATEGORIES
