from collections.abc import Collection, Mapping

from internal.domain.normalization import nfc
from internal.domain.password_policy import MAX_LENGTH
from internal.ports.password_checker import Weakness

COMMON = "password"


class FakePasswordChecker:
    """Knows one common password, what the user is called, and the `weak` ones. Records what it is asked."""

    def __init__(self, weak: Mapping[str, Weakness] | None = None) -> None:
        self._weak = {COMMON: Weakness.COMMON, **(weak or {})}
        self.checked: list[tuple[str, set[str]]] = []

    async def weakness_of(self, password: str, *, personal: Collection[str]) -> Weakness | None:
        normalized = nfc(password, up_to=MAX_LENGTH)
        self.checked.append((normalized, set(personal)))
        if normalized in personal:
            return Weakness.PERSONAL
        return self._weak.get(normalized)
