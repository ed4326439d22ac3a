from collections.abc import Sequence
from uuid import UUID

from internal.domain.account_token import AccountToken, TokenPurpose
from internal.ports.clock import Clock


class FakeAccountTokens:
    """`used` has the digests of the tokens that are used up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.by_digest: dict[bytes, AccountToken] = {}
        self.used: set[bytes] = set()

    async def add(self, token: AccountToken, *, unless: Sequence[bytes] = ()) -> bytes:
        for digest in (token.digest, *unless):
            if digest in self.by_digest:
                return digest
        self.by_digest[token.digest] = token
        return token.digest

    async def list_of(self, user_id: UUID) -> Sequence[AccountToken]:
        own = [token for token in self.by_digest.values() if token.user_id == user_id]
        return sorted(own, key=lambda token: token.expires_at)

    async def use(self, digest: bytes, purpose: TokenPurpose) -> AccountToken | None:
        token = self.by_digest.get(digest)
        if token is None or token.purpose is not purpose or digest in self.used:
            return None
        if self._clock.now() >= token.expires_at:
            return None
        self.used.add(digest)
        return token

    async def withdraw(self, user_id: UUID, purpose: TokenPurpose) -> None:
        self.used |= {
            digest
            for digest, token in self.by_digest.items()
            if token.user_id == user_id and token.purpose is purpose
        }
