"""The kinds of domain error. Adapters translate the kind and need not know the concrete error."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import ClassVar


class DomainError(Exception):
    """A domain rule was broken. `code` is part of the public API and does not change."""

    code: ClassVar[str] = "DOMAIN_ERROR"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(DomainError):
    """Some fields are invalid. `errors` maps each field to its problems."""

    code = "VALIDATION_ERROR"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("Validation failed")
        self.errors = errors


class NotAuthenticated(DomainError):
    code = "NOT_AUTHENTICATED"


class NotPermitted(DomainError):
    code = "NOT_PERMITTED"


class NotFound(DomainError):
    code = "NOT_FOUND"


class Conflict(DomainError):
    code = "CONFLICT"


class RateLimited(DomainError):
    """A limit is exhausted. The same request may succeed after `retry_after`."""

    code = "RATE_LIMITED"

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("Too many requests; try again later")
        self.retry_after = retry_after


class Violations:
    """Collects the invalid fields of one input, so that the user sees all of them at once.

    `known` fields are invalid already and keep their message.
    """

    def __init__(self, known: Mapping[str, Sequence[str]] | None = None) -> None:
        self._known = dict(known or {})
        self._collected: list[InvalidInput] = []

    @contextmanager
    def collect(self) -> Generator[None]:
        try:
            yield
        except InvalidInput as error:
            self._collected.append(error)

    def raise_if_any(self) -> None:
        """Raise InvalidInput if anything was collected or known.

        A violation that is the only one is raised itself, with its own `code`.
        """
        if not self._known and len(self._collected) == 1:
            raise self._collected[0]
        errors: dict[str, list[str]] = {}
        for error in self._collected:
            for field, messages in error.errors.items():
                errors.setdefault(field, []).extend(messages)
        if named := {**errors, **self._known}:
            raise InvalidInput(named)
