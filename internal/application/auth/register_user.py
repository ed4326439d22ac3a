from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.errors import Violations
from internal.domain.password_policy import PasswordPolicy
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.password_hasher import PasswordHasher
from internal.ports.token_issuer import TokenIssuer
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUserCommand:
    email: str
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredUser:
    user: User
    token: str = field(repr=False)


class RegisterUser:
    def __init__(
        self,
        *,
        uow: UnitOfWork,
        password_hasher: PasswordHasher,
        password_policy: PasswordPolicy,
        token_issuer: TokenIssuer,
        clock: Clock,
        new_id: Callable[[], UUID],
    ) -> None:
        self._uow = uow
        self._password_hasher = password_hasher
        self._password_policy = password_policy
        self._token_issuer = token_issuer
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, command: RegisterUserCommand) -> RegisteredUser:
        """Store the user and have the welcome mail sent.

        Raises:
            InvalidInput: names every field that cannot be accepted.
            EmailAlreadyRegistered: somebody has this address.
        """
        user = await self._build_user(command)

        async with self._uow as uow:
            await uow.users.add(user)
            await uow.tasks.publish(
                SendWelcomeEmail(user_id=user.id, email=user.email.value, name=user.name.value)
            )
            await uow.commit()

        return RegisteredUser(user=user, token=self._token_issuer.issue(user.id))

    async def _build_user(self, command: RegisterUserCommand) -> User:
        violations = Violations()
        with violations.collect():
            email = EmailAddress.parse(command.email)
        with violations.collect():
            name = DisplayName.parse(command.name)
        with violations.collect():
            self._password_policy.check(command.password)
        violations.raise_if_any()

        return User.register(
            user_id=self._new_id(),
            email=email,
            name=name,
            password_hash=await self._password_hasher.hash(command.password),
            now=self._clock.now(),
        )
