from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from internal.domain.account_token import AccountToken, TokenPurpose


class AccountTokens(Protocol):
    """Remembers the tokens that mails carry, by their SHA-256."""

    async def add(self, token: AccountToken, *, unless: Sequence[bytes] = ()) -> bytes:
        """Store the token, unless it is stored already, or one whose digest is in `unless`.

        A token that was used or has expired is still stored. Return the digest of the one that is stored: the
        given token's, or the first of the others.
        """
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
