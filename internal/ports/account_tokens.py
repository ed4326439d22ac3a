from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from internal.domain.account_token import AccountToken, TokenPurpose


class AccountTokens(Protocol):
    """Remembers the tokens that mails carry, by their SHA-256."""

    async def add(self, token: AccountToken) -> None:
        """Store the token, unless it is stored already, even if it was used since."""
        ...

    async def first_stored(self, digests: Sequence[bytes]) -> bytes | None:
        """Return the first of these digests that is stored, even if the token was used or has expired."""
        ...

    async def list_of(self, user_id: UUID) -> Sequence[AccountToken]:
        """Return all stored tokens of the user, also those that were used or have expired."""
        ...

    async def use(self, digest: bytes, purpose: TokenPurpose) -> AccountToken | None:
        """Return the token and use it up. Returns None if it is unknown, used, expired or of another purpose.

        Exactly one of many simultaneous calls gets the token. Until the unit of work ends, other calls for
        the same user wait.
        """
        ...

    async def withdraw(self, user_id: UUID, purpose: TokenPurpose) -> None:
        """Use up all tokens of this purpose that the user has. Other calls wait as for `use`."""
        ...
