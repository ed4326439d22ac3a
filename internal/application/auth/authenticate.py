from dataclasses import dataclass, field

from internal.domain.user import User
from internal.ports.token_issuer import InvalidToken, TokenIssuer
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticateCommand:
    token: str = field(repr=False)


class Authenticate:
    def __init__(self, *, uow: UnitOfWork, token_issuer: TokenIssuer) -> None:
        self._uow = uow
        self._token_issuer = token_issuer

    async def __call__(self, command: AuthenticateCommand) -> User:
        """Return the user that the token belongs to.

        Raises:
            InvalidToken: not issued by us, expired, or the user no longer exists.
        """
        access = self._token_issuer.verify(command.token)
        async with self._uow as uow:
            user = await uow.users.get(access.user_id)
        if user is None:
            raise InvalidToken
        return user
