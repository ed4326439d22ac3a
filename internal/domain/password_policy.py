from dataclasses import dataclass

from internal.domain.errors import InvalidInput


class UnacceptablePassword(InvalidInput):
    def __init__(self, message: str) -> None:
        super().__init__({"password": [message]})


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """Length is the only rule: no composition, no truncation (NIST SP 800-63B-4 section 3.1.1.2).

    Lengths are in characters (Unicode code points).
    """

    min_length: int = 8
    max_length: int = 128

    def check(self, password: str) -> None:
        """Raise UnacceptablePassword if `password` breaks the policy."""
        if not self.min_length <= len(password) <= self.max_length:
            raise UnacceptablePassword(f"must be between {self.min_length} and {self.max_length} characters")
