"""How many guesses a password takes, by zxcvbn. An import takes 14 MB and 60 ms.

Its function `zxcvbn` shares the words of one call with all threads, so it is not used.
"""

import re
from collections.abc import Collection

from zxcvbn import matching, scoring

# The time grows with the square of the length.
MOST_CHARACTERS = 72
# Letters and the characters that often replace them. zxcvbn tries all combinations: with its own table, 72
# characters take 2 s. These characters have 24 combinations.
_REPLACEMENTS = {
    "a": ["@", "4"],
    "b": ["8"],
    "e": ["3"],
    "g": ["9"],
    "i": ["!", "1"],
    "l": ["1"],
    "o": ["0"],
    "s": ["$", "5"],
    "t": ["7", "+"],
    "z": ["2"],
}
# How passwords go on after a word: zxcvbn itself knows the years before 2020.
_FIRST_YEAR = 2020
_AFTER_YEARS = ("", "!", ".", "?")
_REPEATED = re.compile(r"(.+?)\1+", re.DOTALL)


def guesses_for(password: str, *, personal: Collection[str], year: int) -> tuple[int, bool]:
    """Return how many guesses find the start of `password`, and whether `personal` words help with that."""
    if not password:  # zxcvbn cannot judge it
        return 1, False
    # zxcvbn takes digits before a line break for a date, and fails to read it.
    start = password[:MOST_CHARACTERS].replace("\n", " ")
    if repeated := _REPEATED.fullmatch(start):
        start = repeated[1]
    dictionaries = {
        **matching.RANKED_DICTIONARIES,
        "personal": dict.fromkeys(map(str.lower, personal), 1),
        "years": {f"{each}{end}": 1 for each in range(_FIRST_YEAR, year + 2) for end in _AFTER_YEARS},
    }
    found = scoring.most_guessable_match_sequence(start, matching.omnimatch(start, dictionaries))
    return int(found["guesses"]), any(
        match.get("dictionary_name") == "personal" for match in found["sequence"]
    )


def _bound_the_tables() -> None:
    """Change the tables of zxcvbn, which its functions share: one dictionary is faster than six."""
    words = {word: rank for ranks in matching.RANKED_DICTIONARIES.values() for word, rank in ranks.items()}
    matching.RANKED_DICTIONARIES.clear()
    matching.RANKED_DICTIONARIES["common"] = words
    matching.L33T_TABLE.clear()
    matching.L33T_TABLE.update(_REPLACEMENTS)


_bound_the_tables()
