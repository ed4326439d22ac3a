from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from internal.ports.unavailable import Unavailable

# NIST SP 800-63B section 3.2.2: in a row, for one account.
MOST_FAILURES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LockoutPolicy:
    """When the password of an account may be tried again.

    After `free` failures without a pause of `window`, the next attempt has to wait: first for `first_wait`,
    then twice as long each time, up to `window`. After `ceiling` failures in a row it has to wait for
    `forget_after`. All failures are forgotten that long after the last one. So no account is locked
    permanently, and a reset of the password unlocks it at once.
    """

    free: int
    window: timedelta
    first_wait: timedelta = timedelta(seconds=1)
    ceiling: int = MOST_FAILURES
    forget_after: timedelta = timedelta(days=1)


class PasswordAttempts(Protocol):
    """Limits the guesses at the password of one account, from anywhere. `account` is its email address.

    An address without an account is limited in the same way, so that the answer does not reveal it. It is not
    stored in clear. Sessions that exist go on.
    """

    async def begin(self, account: str) -> timedelta:
        """Count an attempt, and return how long the next one has to wait if this one fails.

        It counts as failed until `forget` or `give_back`, also while it is in progress.

        Raises:
            RateLimited: too many have failed. This attempt does not count.
        """
        ...

    async def give_back(self, account: str) -> None:
        """Take an attempt back that has found nothing out."""
        ...

    async def forget(self, account: str) -> None:
        """Forget all failures of an account: its password was right, or was reset."""
        ...


@asynccontextmanager
async def attempted(attempts: PasswordAttempts, account: str) -> AsyncGenerator[timedelta]:
    """Check a password in the body: an error means that it was wrong, except for Unavailable.

    The body gets the time that the next attempt has to wait if this one fails.

    Raises:
        RateLimited: as `PasswordAttempts.begin`.
    """
    wait = await attempts.begin(account)
    try:
        yield wait
    except Unavailable:
        await attempts.give_back(account)
        raise
    await attempts.forget(account)
