"""Forms of pages: what arrives, and what was wrong with it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Self

import msgspec
import structlog

from internal.application.auth.register_user import IdempotencyKeyReused
from internal.application.users.end_session import SessionNotFound
from internal.domain.errors import DomainError, InvalidInput, RateLimited
from internal.domain.user import (
    EmailAlreadyRegistered,
    InvalidCredentials,
    LastAdmin,
    UserChanged,
    WrongPassword,
)
from internal.infrastructure.http.errors import headers_of, status_of
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

_UNAVAILABLE = "We cannot do this right now. Please try again in a minute."
_PASSWORD = "password"  # noqa: S105 - the name of a field

_MESSAGES: Mapping[type[DomainError], str] = {
    IdempotencyKeyReused: "This form was sent before, with other values. Please check it and send it again.",
    InvalidCredentials: "The email address or the password is wrong.",
    LastAdmin: "You are the last administrator. Make somebody else an administrator first.",
    SessionNotFound: "This session has ended already.",
    UserChanged: "Your account was changed somewhere else at the same time. Please try again.",
}

# What a use case may say to a form, so that its page shows again with what was typed.
REFUSALS = (DomainError, Unavailable)


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that every form may have. A field that is missing is empty: the use case judges it."""

    csrf_token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a form was refused: texts beside its fields, or one message for the whole form."""

    status: HTTPStatus
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    message: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: DomainError | Unavailable, *, password_field: str = _PASSWORD) -> Self:
        """What the error means for a form that asks for the current password in `password_field`."""
        if isinstance(error, Unavailable):
            log.warning("http.unavailable", reason=str(error))
            return cls(status=HTTPStatus.SERVICE_UNAVAILABLE, message=_UNAVAILABLE)
        errors = _errors_of(error, password_field)
        return cls(
            status=status_of(error),
            errors=errors,
            message=None if errors else _message_of(error),
            headers=headers_of(error) or {},
        )

    @property
    def first_field(self) -> str | None:
        return next(iter(self.errors), None)


def _errors_of(error: DomainError, password_field: str) -> Mapping[str, Sequence[str]]:
    match error:
        case IdempotencyKeyReused():
            return {}
        case InvalidInput():
            return error.errors
        case EmailAlreadyRegistered():
            return {"email": ["already has an account"]}
        case WrongPassword():
            return {password_field: ["is wrong"]}
        case _:
            return {}


def _message_of(error: DomainError) -> str:
    if isinstance(error, RateLimited):
        return f"Too many tries. Please try again in {_in_words(error.retry_after)}."
    return _MESSAGES.get(type(error), f"{error.message}.")


def _in_words(wait: timedelta) -> str:
    minutes = math.ceil(wait / timedelta(minutes=1))
    return "a minute" if minutes <= 1 else f"{minutes} minutes"
