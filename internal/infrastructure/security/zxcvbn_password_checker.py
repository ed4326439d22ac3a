"""The tables of zxcvbn take 8 MB and 50 ms, at the first password."""

from collections.abc import Collection
from math import prod

from zxcvbn_rs_py import zxcvbn

from internal.domain.normalization import nfc
from internal.domain.password_policy import MAX_LENGTH
from internal.ports.clock import Clock
from internal.ports.password_checker import Weakness

# A listed word (30,000) with a capital letter (2) and a year (50), in any order (2), takes 6 million guesses.
# Two words with a space take about 100 million. A higher bound would refuse pass phrases, so it would be a
# rule for the composition of passwords.
FEWEST_GUESSES = 10_000_000

# The time grows with the square of the length, and with the number of readings.
MOST_CHARACTERS = 72
MOST_READINGS = 8
# Characters that replace the same letter: a, c, g, i, l, s, t. A password with several of them has several
# readings.
_REPLACEMENTS = tuple(map(frozenset, ("4@", "({[<", "69", "1!|", "1|7", "$5", "+7")))
# How a recent year goes on. zxcvbn finds it without these characters only.
_FIRST_YEAR = 2020
_AFTER_YEARS = ("!", ".", "?")


class ZxcvbnPasswordChecker:
    """Refuses passwords that zxcvbn finds within `FEWEST_GUESSES`, judged by their start.

    It takes 0.2 ms, and at most 20 ms. A thread would not help: zxcvbn holds Python's lock.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    async def weakness_of(self, password: str, *, personal: Collection[str]) -> Weakness | None:
        start = judged_part(nfc(password, up_to=MAX_LENGTH))
        years = [
            f"{year}{end}" for year in range(_FIRST_YEAR, self._clock.now().year + 2) for end in _AFTER_YEARS
        ]
        guesses = zxcvbn(start, [*sorted(map(_encodable, personal)), *years]).guesses
        if guesses >= FEWEST_GUESSES:
            return None
        return Weakness.PERSONAL if guesses < zxcvbn(start, years).guesses else Weakness.COMMON


def _encodable(text: str) -> str:
    """The text without lone surrogates: arguments of a command may have some, and zxcvbn takes none."""
    return text.encode(errors="replace").decode()


def judged_part(password: str) -> str:
    """The longest start that zxcvbn judges in little time."""
    start = password[:MOST_CHARACTERS]
    while prod(len(each.intersection(start)) or 1 for each in _REPLACEMENTS) > MOST_READINGS:
        start = start[:-1]
    return start


def load_tables() -> None:
    """Let processes that are forked from this one share the tables."""
    zxcvbn("password")
