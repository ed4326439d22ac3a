"""The members of exception groups, by kind. Nothing here runs code of the exceptions."""

from collections.abc import Iterator
from typing import TypeVar

from internal.infrastructure.telemetry.error_text import members_of

E = TypeVar("E", bound=BaseException)


def all_of(error: BaseException, kinds: type[E] | tuple[type[E], ...]) -> Iterator[E]:
    """The error itself and its members of these kinds, at any depth."""
    waiting = [error]
    while waiting:
        each = waiting.pop()
        # Not isinstance: that trusts `__class__`, which an error can fake.
        if issubclass(type(each), kinds):
            yield each  # type: ignore[misc]  # see the line before
        waiting.extend(reversed(members_of(each)))


def first_of(error: BaseException, kinds: type[E] | tuple[type[E], ...]) -> E | None:
    return next(all_of(error, kinds), None)
