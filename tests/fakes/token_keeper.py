from collections.abc import Sequence

from internal.domain.account_token import AccountToken
from tests.fakes.unit_of_work import FakeUnitOfWork


class FakeTokenKeeper:
    """Stores the tokens in a FakeUnitOfWork."""

    def __init__(self, uow: FakeUnitOfWork) -> None:
        self._uow = uow

    async def add(self, token: AccountToken, *, unless: Sequence[bytes] = ()) -> bytes:
        return await self._uow.account_tokens.add(token, unless=unless)
