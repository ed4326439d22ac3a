from itertools import count


class FakePasswordHasher:
    """Hashes nothing, but counts: `verified` has the hash that each log-in was compared with."""

    def __init__(self) -> None:
        self._salts = count()
        self.hashed: list[str] = []
        self.verified: list[str | None] = []

    async def hash(self, password: str) -> str:
        self.hashed.append(password)
        return f"fake${next(self._salts)}${password}"

    async def verify(self, password: str, password_hash: str | None) -> bool:
        self.verified.append(password_hash)
        return password_hash is not None and password_hash.split("$", 2)[2] == password
