from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from internal.application.auth.open_session import IssuedTokens, OpenSession
from internal.domain.caller import Caller
from internal.domain.email_address import EmailAddress, InvalidEmailAddress
from internal.domain.security_event import EventName, Result, SecurityEvent
from internal.domain.session import LASTS_FOR
from internal.domain.user import AccountDisabled, InvalidCredentials, User
from internal.ports.clock import Clock
from internal.ports.password_attempts import PasswordAttempts, attempted
from internal.ports.password_hasher import Match, PasswordHasher
from internal.ports.rate_limiter import EVERYBODY, Limit, RateLimiter
from internal.ports.unavailable import Unavailable
from internal.ports.unit_of_work import UnitOfWork
from internal.ports.user_reader import UserReader


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInCommand:
    """lasts_for: the session ends this long after the log-in, however much it is used."""

    email: str
    password: str = field(repr=False)
    caller: Caller
    lasts_for: timedelta = LASTS_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedInUser:
    user: User
    tokens: IssuedTokens


class LogIn:
    def __init__(
        self,
        *,
        uow: UnitOfWork,
        users: UserReader,
        password_hasher: PasswordHasher,
        password_attempts: PasswordAttempts,
        rate_limiter: RateLimiter,
        open_session: OpenSession,
        clock: Clock,
    ) -> None:
        self._uow = uow
        self._users = users
        self._password_hasher = password_hasher
        self._password_attempts = password_attempts
        self._rate_limiter = rate_limiter
        self._open_session = open_session
        self._clock = clock

    async def __call__(self, command: LogInCommand) -> LoggedInUser:
        """Exchange credentials for a session. An outdated password hash is replaced.

        Raises:
            InvalidCredentials: unknown account or wrong password. Both take the same time.
            AccountDisabled: the password is right, but the account is disabled.
            RateLimited: too many log-ins of this client or of everybody, or failures for this account.
        """
        await self._rate_limiter.count(
            {Limit.LOG_INS_PER_CLIENT: command.caller.network, Limit.LOG_INS: EVERYBODY}
        )
        address = _parsed(command.email)
        async with attempted(self._password_attempts, address.value if address else command.email) as wait:
            user, match = await self._check(command, address, wait)
        new_hash = await self._rehash(command.password) if match is Match.OUTDATED else None
        return LoggedInUser(user=user, tokens=await self._begin(user, command, new_hash=new_hash))

    async def _check(
        self, command: LogInCommand, address: EmailAddress | None, wait: timedelta
    ) -> tuple[User, Match]:
        user, stored_costs = await self._find(address)
        match = await self._password_hasher.verify(
            command.password, user.password_hash if user else None, stored_costs=stored_costs
        )
        if user is None or not match:
            reason = "password" if user else "unknown account"
            await self._record_failure(user, command.caller, reason=reason, wait=wait)
            raise InvalidCredentials
        if user.disabled_at is not None:
            await self._record_failure(user, command.caller, reason="disabled", wait=wait)
            raise AccountDisabled
        return user, match

    async def _find(self, address: EmailAddress | None) -> tuple[User | None, Collection[str]]:
        user = await self._users.get_by_email(address) if address else None
        return user, await self._users.password_costs()

    async def _rehash(self, password: str) -> str | None:
        with suppress(Unavailable):
            return await self._password_hasher.hash(password)
        return None  # the next log-in tries again

    async def _begin(self, user: User, command: LogInCommand, *, new_hash: str | None) -> IssuedTokens:
        caller = command.caller
        async with self._uow as uow:
            tokens = await self._open_session(uow, user, caller, lasts_for=command.lasts_for)
            uow.record(user.logged_in(tokens.session_id, now=self._clock.now()))
            if new_hash is not None:
                await uow.users.replace_password_hash(user, new_hash)
            await uow.security_events.add(
                SecurityEvent.on_own_account(EventName.LOGGED_IN, user_id=user.id, caller=caller)
            )
            await uow.commit()
        return tokens

    async def _record_failure(
        self, user: User | None, caller: Caller, *, reason: str, wait: timedelta
    ) -> None:
        events = {EventName.LOGIN_FAILED: {"reason": reason}}
        if wait:
            events[EventName.ACCOUNT_LOCKED] = {"seconds": f"{wait.total_seconds():.0f}"}
        async with self._uow as uow:
            for name, details in events.items():
                await uow.security_events.add(
                    SecurityEvent(
                        name=name,
                        result=Result.FAILURE,
                        actor_id=None,
                        subject_id=user.id if user else None,
                        caller=caller,
                        details=details,
                    )
                )
            await uow.commit()


def _parsed(email: str) -> EmailAddress | None:
    try:
        return EmailAddress.parse(email)
    except InvalidEmailAddress:
        return None
