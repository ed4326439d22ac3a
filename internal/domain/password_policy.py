from dataclasses import dataclass

from internal.domain.errors import InvalidInput
from internal.domain.normalization import nfc

MAX_LENGTH = 128


class UnacceptablePassword(InvalidInput):
    def __init__(self, message: str) -> None:
        super().__init__({"password": [message]})


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """Length is the only rule: no composition, no truncation (NIST SP 800-63B-4 section 3.1.1.2).

    Lengths are in characters (Unicode code points) of the NFC form, which is what is hashed: a password is
    as long on a keyboard that sends an accent as a character of its own.
    """

    min_length: int = 8
    max_length: int = MAX_LENGTH

    def check(self, password: str) -> None:
        """Raise UnacceptablePassword if `password` breaks the policy."""
        if not self.min_length <= len(nfc(password, up_to=self.max_length)) <= self.max_length:
            raise UnacceptablePassword(f"must be between {self.min_length} and {self.max_length} characters")
