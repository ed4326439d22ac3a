from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

# The share of equal letters. HTTP_PROT has 0.89 in common with HTTP_PORT, HTTP_PROXY has 0.74.
_ALIKE = 0.83
# Variables of other programs that look like ours.
_FOREIGN = frozenset({"DATABASE_USER"})


def misspelt(names: Iterable[str], *, known: Collection[str]) -> Mapping[str, str]:
    """Names that resemble a known name or are the start of one, each with its likely meaning.

    All names are in capitals. Most names of an environment belong to other programs and are left out.
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
