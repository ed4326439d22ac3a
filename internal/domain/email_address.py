import re
from dataclasses import dataclass
from typing import Self

from internal.domain.errors import InvalidInput

# RFC 5321 section 4.5.3.1: 64 octets before the @, and 254 in all for an address that SMTP can carry.
MAX_LOCAL_PART = 64
MAX_LENGTH = 254

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_TOP_LEVEL_LABEL = r"(?!\d+$)" + _LABEL
# RFC 2047 section 5 forbids =?utf-8?q?eve=40example.org?= in an address, but mail software decodes it.
_NO_ENCODED_WORD = r"(?!.*=\?[^?]*\?[bq]\?)"
_PATTERN = re.compile(
    rf"(?P<local>{_NO_ENCODED_WORD}{_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+{_TOP_LEVEL_LABEL}"
)


class InvalidEmailAddress(InvalidInput):
    def __init__(self) -> None:
        super().__init__({"email": ["must be a valid email address"]})


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address that mail can be sent to, in the single spelling that identifies an account.

    It is the ASCII dot-atom form of RFC 5322 section 3.4.1 in lower case: `Ada@Example.COM` and
    `ada@example.com` are one account. Quoted local parts and address literals are refused.
    """

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Normalise `text`.

        Raises:
            InvalidEmailAddress: not such an address, or too long for SMTP.
        """
        stripped = text.strip(" \t")
        # Only ASCII is lowered: lower() turns the Kelvin sign into a k, which would be another domain. The
        # pattern takes 40 ms for a body of 64 KiB, so the length comes first.
        normalised = stripped.lower() if len(stripped) <= MAX_LENGTH and stripped.isascii() else ""
        match = _PATTERN.fullmatch(normalised)
        if match is None or len(match["local"]) > MAX_LOCAL_PART:
            raise InvalidEmailAddress
        return cls(normalised)

    def __str__(self) -> str:
        return self.value
