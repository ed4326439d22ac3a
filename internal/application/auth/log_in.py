from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field

from internal.domain.email_address import EmailAddress, InvalidEmailAddress
from internal.domain.user import InvalidCredentials, User
from internal.ports.password_hasher import Match, PasswordHasher
from internal.ports.token_issuer import TokenIssuer
from internal.ports.unavailable import Unavailable
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
        """Exchange credentials for a token. An outdated password hash is replaced.

        Raises:
            InvalidCredentials: unknown account or wrong password. Both take the same time.
        """
        user, stored_costs = await self._find(command.email)
        match = await self._password_hasher.verify(
            command.password, user.password_hash if user else None, stored_costs=stored_costs
        )
        if user is None or not match:
            raise InvalidCredentials

        if match is Match.OUTDATED:
            # If this fails, the next log-in tries again.
            with suppress(Unavailable):
                await self._rehash(user, command.password)
        return LoggedInUser(user=user, token=self._token_issuer.issue(user.id))

    async def _find(self, email: str) -> tuple[User | None, Collection[str]]:
        try:
            address = EmailAddress.parse(email)
        except InvalidEmailAddress:
            address = None
        async with self._uow as uow:
            user = await uow.users.get_by_email(address) if address else None
            return user, await uow.users.password_costs()

    async def _rehash(self, user: User, password: str) -> None:
        password_hash = await self._password_hasher.hash(password)
        async with self._uow as uow:
            if await uow.users.replace_password_hash(user, password_hash):
                await uow.commit()
