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

    Lengths count Unicode code points of the NFC form, the form that is also hashed. So a password has the
    same length on a keyboard that sends accents as separate characters.
    """

    min_length: int = 8
    max_length: int = MAX_LENGTH

    def check(self, password: str) -> None:
        """Raise UnacceptablePassword if `password` breaks the policy."""
        if not self.min_length <= len(nfc(password, up_to=self.max_length)) <= self.max_length:
            raise UnacceptablePassword(f"must be between {self.min_length} and {self.max_length} characters")
