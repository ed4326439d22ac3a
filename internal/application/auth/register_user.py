from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from internal.application.auth.open_session import IssuedTokens, OpenSession
from internal.application.new_password import NewPassword
from internal.domain.caller import Caller
from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.errors import InvalidInput, Violations
from internal.domain.security_event import EventName, SecurityEvent
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.password_hasher import PasswordHasher
from internal.ports.rate_limiter import Limit, RateLimiter, counted
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUserCommand:
    email: str
    name: str
    password: str = field(repr=False)
    caller: Caller
    idempotency_key: str | None = None
    # Fields that the caller could not read, and why. They are empty here and are reported with the others.
    unreadable: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredUser:
    user: User
    tokens: IssuedTokens


class IdempotencyKeyReused(InvalidInput):
    code = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self) -> None:
        super().__init__({"Idempotency-Key": ["was already used for a request with a different body"]})


class RegisterUser:
    def __init__(
        self,
        *,
        uow: UnitOfWork,
        password_hasher: PasswordHasher,
        new_password: NewPassword,
        rate_limiter: RateLimiter,
        open_session: OpenSession,
        clock: Clock,
        new_id: Callable[[], UUID],
    ) -> None:
        self._uow = uow
        self._password_hasher = password_hasher
        self._new_password = new_password
        self._rate_limiter = rate_limiter
        self._open_session = open_session
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, command: RegisterUserCommand) -> RegisteredUser:
        """Store the user and open a session. Subscribers to UserCreated do the rest.

        A request with the idempotency key of an earlier one gets the earlier user and only a new session.

        Raises:
            InvalidInput: names every invalid field.
            RateLimited: too many sign-ups of this client, or too many valid ones.
            EmailAlreadyRegistered: another account has this address.
            IdempotencyKeyReused: a different sign-up used this key.
            RequestInProgress: a sign-up with this key is still running.
        """
        network = command.caller.network
        await self._rate_limiter.count({Limit.SIGN_UP_ATTEMPTS_PER_CLIENT: network})
        email, name = await self._check(command)
        async with counted(self._rate_limiter, {Limit.SIGN_UPS_PER_CLIENT: network}):
            return await self._register(command, await self._build_user(email, name, command.password))

    async def _register(self, command: RegisterUserCommand, user: User) -> RegisteredUser:
        async with self._uow as uow:
            earlier = await self._earlier(uow, key=command.idempotency_key, new=user)
            if earlier is None:
                tokens = await self._store(uow, user, command.caller)
                await uow.commit()
                return RegisteredUser(user=user, tokens=tokens)

        await self._require_same_request(command, user, earlier)
        async with self._uow as uow:
            tokens = await self._open_session(uow, earlier, command.caller)
            await uow.commit()
        return RegisteredUser(user=earlier, tokens=tokens)

    async def _store(self, uow: UnitOfWork, user: User, caller: Caller) -> IssuedTokens:
        await uow.users.add(user)
        await uow.security_events.add(
            SecurityEvent.on_own_account(EventName.REGISTERED, user_id=user.id, caller=caller)
        )
        return await self._open_session(uow, user, caller, is_new=True)

    async def _earlier(self, uow: UnitOfWork, *, key: str | None, new: User) -> User | None:
        """The user that an earlier request with this key stored. If None, the key now belongs to `new`."""
        if key is None:
            return None
        earlier_id = await uow.requests.claim(key, new.id)
        return await uow.users.get(earlier_id) if earlier_id else None

    async def _require_same_request(self, command: RegisterUserCommand, new: User, earlier: User) -> None:
        # Compare with the stored user, not with a hash of the request: a fast hash over the password would
        # undo the protection of the slow one. A client without the password gets no token.
        is_same = (new.email, new.name) == (earlier.email, earlier.name)
        if not (await self._password_hasher.verify(command.password, earlier.password_hash) and is_same):
            raise IdempotencyKeyReused

    async def _check(self, command: RegisterUserCommand) -> tuple[EmailAddress, DisplayName]:
        violations = Violations(command.unreadable)
        with violations.collect():
            email = EmailAddress.parse(command.email)
        with violations.collect():
            name = DisplayName.parse(command.name)
        with violations.collect():
            await self._new_password.check(command.password, email=command.email, name=command.name)
        violations.raise_if_any()
        return email, name

    async def _build_user(self, email: EmailAddress, name: DisplayName, password: str) -> User:
        return User.register(
            user_id=self._new_id(),
            email=email,
            name=name,
            password_hash=await self._password_hasher.hash(password),
            now=self._clock.now(),
        )
