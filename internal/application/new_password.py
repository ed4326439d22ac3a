import re
from collections.abc import Iterator, Sequence

from internal.domain.normalization import nfc
from internal.domain.password_policy import PasswordPolicy, UnacceptablePassword
from internal.ports.password_checker import PasswordChecker, Weakness
from internal.ports.password_hasher import PasswordHasher

# No valid address or name is longer.
_MOST_TEXT = 400
_PART = re.compile(r"[^\W_]+")
# Shorter words are found in many passwords by chance.
_SHORTEST_WORD = 3


class CommonPassword(UnacceptablePassword):
    code = "PASSWORD_TOO_COMMON"

    def __init__(self) -> None:
        super().__init__("is too common or too easy to guess")


class PersonalPassword(UnacceptablePassword):
    code = "PASSWORD_TOO_PERSONAL"

    def __init__(self) -> None:
        super().__init__(
            "is too easy to guess from your name, your email address or the name of this service"
        )


class BreachedPassword(UnacceptablePassword):
    code = "PASSWORD_BREACHED"

    def __init__(self) -> None:
        super().__init__("has appeared in a data breach")


_REFUSALS = {
    Weakness.COMMON: CommonPassword,
    Weakness.PERSONAL: PersonalPassword,
    Weakness.BREACHED: BreachedPassword,
}


class NewPassword:
    """Every step between a password that a user chooses and the hash that is stored."""

    def __init__(
        self,
        *,
        policy: PasswordPolicy,
        checkers: Sequence[PasswordChecker],
        hasher: PasswordHasher,
        app_name: str,
    ) -> None:
        self._policy = policy
        self._checkers = checkers
        self._hasher = hasher
        self._app_name = app_name

    async def __call__(self, password: str, *, email: str, name: str) -> str:
        """Return the hash of an acceptable password.

        Raises:
            UnacceptablePassword: too short, too long or too easy to guess.
            Unavailable: too many passwords are being checked or hashed.
        """
        await self.check(password, email=email, name=name)
        return await self._hasher.hash(password)

    async def check(self, password: str, *, email: str, name: str) -> None:
        """Raise as a call does. `email` and `name` may be invalid."""
        self._policy.check(password)
        personal = set(_words_of(email, email.partition("@")[0], name, self._app_name))
        for checker in self._checkers:
            if weakness := await checker.weakness_of(password, personal=personal):
                raise _REFUSALS[weakness]


def _words_of(*texts: str) -> Iterator[str]:
    """Each text as it is, without separators, and in parts: `ada.king`, `adaking`, `ada`, `king`."""
    for text in texts:
        normalized = nfc(text[:_MOST_TEXT], up_to=_MOST_TEXT)
        parts = _PART.findall(normalized)
        yield from (word for word in (normalized, "".join(parts), *parts) if len(word) >= _SHORTEST_WORD)
