from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from internal.application.administration import Actor, event_of
from internal.application.new_password import NewPassword
from internal.domain.caller import Caller
from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.errors import Violations
from internal.domain.role import Permission, Role
from internal.domain.security_event import EventName
from internal.domain.user import EmailAlreadyRegistered, User
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateUserCommand:
    actor: Actor
    caller: Caller
    email: str
    name: str
    password: str = field(repr=False)
    role: Role


class CreateUser:
    def __init__(
        self,
        *,
        uow: UnitOfWork,
        new_password: NewPassword,
        clock: Clock,
        new_id: Callable[[], UUID],
    ) -> None:
        self._uow = uow
        self._new_password = new_password
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, command: CreateUserCommand) -> User:
        """Create an account whose address counts as verified, and send no email.

        Raises:
            NotPermitted
            InvalidInput: names every invalid field.
            EmailAlreadyRegistered: another account has this address.
        """
        command.actor.require(Permission.MANAGE_USERS)
        email, name = await self._checked(command)
        # Hashing is expensive, so look first.
        async with self._uow as uow:
            if await uow.users.get_by_email(email):
                raise EmailAlreadyRegistered
        user = await self._build(command, email, name)
        async with self._uow as uow:
            await uow.users.add(user)
            await uow.security_events.add(
                event_of(
                    EventName.ADMIN_USER_CREATED,
                    actor=command.actor,
                    subject_id=user.id,
                    caller=command.caller,
                    role=command.role,
                )
            )
            await uow.commit()
        return user

    async def _checked(self, command: CreateUserCommand) -> tuple[EmailAddress, DisplayName]:
        violations = Violations()
        with violations.collect():
            email = EmailAddress.parse(command.email)
        with violations.collect():
            name = DisplayName.parse(command.name)
        with violations.collect():
            await self._new_password.check(command.password, email=command.email, name=command.name)
        violations.raise_if_any()
        return email, name

    async def _build(self, command: CreateUserCommand, email: EmailAddress, name: DisplayName) -> User:
        now = self._clock.now()
        return User.register(
            user_id=self._new_id(),
            email=email,
            name=name,
            password_hash=await self._new_password(command.password, email=email.value, name=name.value),
            now=now,
            role=command.role,
            verified_at=now,
        )
