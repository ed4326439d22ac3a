from collections.abc import Sequence
from typing import Protocol

from internal.domain.account_token import AccountToken


class TokenKeeper(Protocol):
    """Stores the tokens of emails, outside of any unit of work. Every call is one statement.

    Raises:
        Unavailable: the store cannot be reached.
    """

    async def add(self, token: AccountToken, *, unless: Sequence[bytes] = ()) -> bytes:
        """As AccountTokens.add. The token is stored when this returns."""
        ...
