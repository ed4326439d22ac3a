from dataclasses import dataclass, field

from internal.domain.email_address import EmailAddress, InvalidEmailAddress
from internal.domain.user import InvalidCredentials, User
from internal.ports.password_hasher import PasswordHasher
from internal.ports.token_issuer import TokenIssuer
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInCommand:
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedInUser:
    user: User
    token: str = field(repr=False)


class LogIn:
    def __init__(
        self, *, uow: UnitOfWork, password_hasher: PasswordHasher, token_issuer: TokenIssuer
    ) -> None:
        self._uow = uow
        self._password_hasher = password_hasher
        self._token_issuer = token_issuer

    async def __call__(self, command: LogInCommand) -> LoggedInUser:
        """Exchange credentials for a token.

        Raises:
            InvalidCredentials: no such account, or not its password; both take the same time.
        """
        user = await self._find(command.email)
        password_hash = user.password_hash if user else None
        matches = await self._password_hasher.verify(command.password, password_hash)
        if user is None or not matches:
            raise InvalidCredentials

        return LoggedInUser(user=user, token=self._token_issuer.issue(user.id))

    async def _find(self, email: str) -> User | None:
        try:
            address = EmailAddress.parse(email)
        except InvalidEmailAddress:
            return None
        async with self._uow as uow:
            return await uow.users.get_by_email(address)
