from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

# A share of equal letters: HTTP_PROT is 0.89 like HTTP_PORT, HTTP_PROXY is 0.74.
_ALIKE = 0.83
# Other programs' variables that look like ours.
_FOREIGN = frozenset({"DATABASE_USER"})


def misspelt(names: Iterable[str], *, known: Collection[str]) -> Mapping[str, str]:
    """What was probably meant by names that are almost known, or are the beginning of a known one.

    All are in capitals. Most names in an environment belong to others: nothing is said of those.
    """
    guesses = {name: _guess(name, known) for name in names if name not in known and name not in _FOREIGN}
    return {name: guess for name, guess in sorted(guesses.items()) if guess is not None}


def misspelling(name: str, meant: str) -> str:
    return f"{name} is not a setting; did you mean {meant}?"


def _guess(name: str, known: Collection[str]) -> str | None:
    if alike := get_close_matches(name, known, n=1, cutoff=_ALIKE):
        return alike[0]
    longer = sorted(each for each in known if "_" in name and each.startswith(f"{name}_"))
    return longer[0] if longer else None
