import re
from dataclasses import dataclass
from typing import Self

from internal.domain.errors import InvalidInput

# RFC 5321 section 4.5.3.1: 64 octets before the @, 254 in a path that can be used in SMTP.
MAX_LOCAL_PART = 64
MAX_LENGTH = 254

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_TOP_LEVEL_LABEL = r"(?!\d+$)" + _LABEL
# Mail software decodes =?utf-8?q?eve=40example.org?=, although RFC 2047 section 5 bars it from an address.
_NO_ENCODED_WORD = r"(?!.*=\?[^?]*\?[bq]\?)"
_PATTERN = re.compile(
    rf"(?P<local>{_NO_ENCODED_WORD}{_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+{_TOP_LEVEL_LABEL}"
)


class InvalidEmailAddress(InvalidInput):
    def __init__(self) -> None:
        super().__init__({"email": ["must be a valid email address"]})


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address that mail can be sent to, in the one spelling that identifies an account.

    The dot-atom form of RFC 5322 section 3.4.1 in ASCII, lower case throughout: `Ada@Example.COM` and
    `ada@example.com` are one account. Quoted local parts and address literals are refused.
    """

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Normalise `text`.

        Raises:
            InvalidEmailAddress: it is not such an address, or too long for SMTP.
        """
        stripped = text.strip(" \t")
        # Fold only ASCII: lower() turns the Kelvin sign into a k, and so one domain into another.
        normalised = stripped.lower() if stripped.isascii() else ""
        match = _PATTERN.fullmatch(normalised)
        if match is None or len(normalised) > MAX_LENGTH or len(match["local"]) > MAX_LOCAL_PART:
            raise InvalidEmailAddress
        return cls(normalised)

    def __str__(self) -> str:
        return self.value
