from internal.domain.caller import Caller
from internal.domain.security_event import EventName, Result, SecurityEvent
from internal.domain.user import User, WrongPassword
from internal.ports.password_attempts import PasswordAttempts, attempted
from internal.ports.password_hasher import PasswordHasher
from internal.ports.rate_limiter import Limit, RateLimiter
from internal.ports.unit_of_work import UnitOfWork


class ConfirmPassword:
    """Asks for the password again before changes that a stolen session must not make."""

    def __init__(
        self,
        *,
        uow: UnitOfWork,
        password_hasher: PasswordHasher,
        password_attempts: PasswordAttempts,
        rate_limiter: RateLimiter,
    ) -> None:
        self._uow = uow
        self._password_hasher = password_hasher
        self._password_attempts = password_attempts
        self._rate_limiter = rate_limiter

    async def __call__(self, user: User, password: str, *, caller: Caller) -> None:
        """Check that this is the user's password.

        Raises:
            WrongPassword
            RateLimited: too many wrong passwords of signed-in callers, or too many checks for this client.
                Failed log-ins of strangers do not count, so they cannot keep the user out.
        """
        await self._rate_limiter.count({Limit.LOG_INS_PER_CLIENT: caller.network})
        async with attempted(self._password_attempts, str(user.id)):
            if not await self._password_hasher.verify(password, user.password_hash):
                await self._record_failure(user, caller)
                raise WrongPassword

    async def _record_failure(self, user: User, caller: Caller) -> None:
        failure = SecurityEvent.on_own_account(
            EventName.REAUTHENTICATION_FAILED, user_id=user.id, caller=caller, result=Result.FAILURE
        )
        async with self._uow as uow:
            await uow.security_events.add(failure)
            await uow.commit()
