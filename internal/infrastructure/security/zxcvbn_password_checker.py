from collections.abc import Collection

from internal.domain.normalization import nfc
from internal.domain.password_policy import MAX_LENGTH
from internal.infrastructure.security.bounded_threads import BoundedThreads
from internal.ports.clock import Clock
from internal.ports.password_checker import Weakness

# A listed word (30,000) with a capital letter (2) and a year (50), in any order (2), takes 6 million guesses.
# Two words with a space take about 100 million. A higher bound would refuse pass phrases, so it would be a
# rule for the composition of passwords.
FEWEST_GUESSES = 10_000_000


class ZxcvbnPasswordChecker:
    """Refuses passwords that zxcvbn finds within `FEWEST_GUESSES`, judged by their first 72 characters.

    One thread is enough: zxcvbn holds Python's lock, and several threads would only slow down the event loop.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._thread = BoundedThreads(1, name="password checks")

    async def weakness_of(self, password: str, *, personal: Collection[str]) -> Weakness | None:
        return await self._thread.run(lambda: self._judge(nfc(password, up_to=MAX_LENGTH), personal))

    def _judge(self, password: str, personal: Collection[str]) -> Weakness | None:
        # Imported off the event loop at the first password: the tables are large.
        from internal.infrastructure.security.guesses import guesses_for  # noqa: PLC0415 - see above

        guesses, is_personal = guesses_for(password, personal=personal, year=self._clock.now().year)
        if guesses >= FEWEST_GUESSES:
            return None
        return Weakness.PERSONAL if is_personal else Weakness.COMMON
