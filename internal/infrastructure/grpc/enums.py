from collections.abc import Mapping
from typing import TypeVar

from internal.domain.errors import InvalidInput

DomainT = TypeVar("DomainT")
NumberT = TypeVar("NumberT", bound=int)


def chosen(field: str, number: NumberT, meanings: Mapping[DomainT, NumberT]) -> DomainT | None:
    """What a number in `field` means, or None for 0, which is "unspecified" in every enum.

    Raises InvalidInput: a client may send numbers that the enum does not have.
    """
    if number == 0:
        return None
    for meaning, known in meanings.items():
        if known == number:
            return meaning
    raise InvalidInput({field: ["is invalid"]})
