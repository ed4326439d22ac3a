"""A door of the service: how requests enter it, and how it refuses them, in the words of the application."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, Self

from internal.domain.account_token import InvalidAccountToken
from internal.domain.errors import (
    Conflict,
    DomainError,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    RateLimited,
)
from tests.support.doors.operations import Operation

Kind = type[DomainError]
_KINDS: Sequence[Kind] = (InvalidInput, NotAuthenticated, NotPermitted, NotFound, Conflict, RateLimited)


# Both doors read the same names: from headers of HTTP, from metadata of gRPC.
Headers = Sequence[tuple[str, str]]


class Door(Protocol):
    def ask(self, operation: Operation, headers: Headers, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and return the fields of its answer. A list is in `entries`.

        Raises:
            Refused
        """

    def ask_with_bytes(self, operation: Operation, headers: Headers, fields: Mapping[str, bytes]) -> None:
        """Send texts that need not be UTF-8. Raises Refused."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    kind: Kind
    code: str
    message: str
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    retry_after: timedelta | None = None

    @classmethod
    def of(cls, error: DomainError, *, retry_after: timedelta | None = None) -> Self:
        """How every door refuses a request that causes this error."""
        errors = error.errors if isinstance(error, InvalidInput) else {}
        return cls(
            kind=_kind_of(error),
            code=error.code,
            message=error.message,
            errors=errors,
            retry_after=retry_after,
        )


class Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def refusal_of(request: Callable[[], object]) -> Refusal:
    """Send a request that has to fail."""
    try:
        answer = request()
    except Refused as refused:
        return refused.refusal
    raise AssertionError(f"not refused: {answer}")


def _kind_of(error: DomainError) -> Kind:
    if isinstance(error, InvalidAccountToken):
        return InvalidInput
    return next(kind for kind in _KINDS if isinstance(error, kind))
