from collections.abc import Collection
from itertools import count

from internal.domain.normalization import nfc
from internal.domain.password_policy import MAX_LENGTH
from internal.ports.password_hasher import Match


class FakePasswordHasher:
    """Hashes nothing, but counts: `verified` has what each log-in was compared with, and the stored costs."""

    def __init__(self, *, cost: int = 1) -> None:
        self.cost = cost
        self._salts = count()
        self.hashed: list[str] = []
        self.verified: list[tuple[str | None, set[str]]] = []

    async def hash(self, password: str) -> str:
        self.hashed.append(password)
        return fake_hash(nfc(password, up_to=MAX_LENGTH), cost=self.cost, salt=next(self._salts))

    async def verify(
        self, password: str, password_hash: str | None, *, stored_costs: Collection[str] = ()
    ) -> Match:
        self.verified.append((password_hash, set(stored_costs)))
        normalized = nfc(password, up_to=MAX_LENGTH)
        digest = (password_hash or "").rpartition("$")[2]
        if not password_hash or digest not in {normalized.encode().hex(), password.encode().hex()}:
            return Match.NO
        is_current = f"cost={self.cost}" in password_hash and digest == normalized.encode().hex()
        return Match.YES if is_current else Match.OUTDATED


def fake_hash(password: str, *, cost: int = 1, salt: int = 0) -> str:
    return f"$fake$cost={cost}${salt}${password.encode().hex()}"
