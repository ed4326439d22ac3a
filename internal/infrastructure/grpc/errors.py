"""The one table from errors to gRPC statuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode

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
from internal.domain.user import EmailAlreadyRegistered, UserChanged
from internal.infrastructure.grpc.deadline import DeadlineExceeded
from internal.infrastructure.grpc.running_calls import TooManyCalls
from internal.infrastructure.inbound.idempotency_keys import MalformedKey
from internal.infrastructure.inbound.readiness import RETRY_AFTER
from internal.ports.idempotent_requests import RequestInProgress
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

DOMAIN = "pyhexaclean"  # of the codes in ErrorInfo
SOON = timedelta(seconds=1)

# The first that fits counts.
_STATUS: Mapping[type[DomainError], StatusCode] = {
    InvalidAccountToken: StatusCode.INVALID_ARGUMENT,
    InvalidInput: StatusCode.INVALID_ARGUMENT,
    NotAuthenticated: StatusCode.UNAUTHENTICATED,
    NotPermitted: StatusCode.PERMISSION_DENIED,
    NotFound: StatusCode.NOT_FOUND,
    EmailAlreadyRegistered: StatusCode.ALREADY_EXISTS,
    # The client may repeat the whole operation.
    UserChanged: StatusCode.ABORTED,
    RequestInProgress: StatusCode.ABORTED,
    Conflict: StatusCode.FAILED_PRECONDITION,
    RateLimited: StatusCode.RESOURCE_EXHAUSTED,
}

# Every status that a failed call of our services can have.
STATUSES = frozenset(_STATUS.values()) | {
    StatusCode.UNAVAILABLE,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.INTERNAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a client learns about an error. `code` does not change; `text` may."""

    status: StatusCode
    code: str
    text: str
    violations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    retry_after: timedelta | None = None

    def encoded(self) -> bytes:
        """As google.rpc.Status."""
        number, _ = self.status.value
        status = Status(code=number, message=self.text, details=map(_packed, self._details()))
        return bytes(status.SerializeToString())

    def _details(self) -> Sequence[Message]:
        details: list[Message] = [ErrorInfo(reason=self.code, domain=DOMAIN)]
        if self.violations:
            violations = [
                BadRequest.FieldViolation(field=name, description=text)
                for name, texts in self.violations.items()
                for text in texts
            ]
            details.append(BadRequest(field_violations=violations))
        if self.retry_after is not None:
            delay = Duration()
            delay.FromTimedelta(self.retry_after)
            details.append(RetryInfo(retry_delay=delay))
        return details


def status_of(error: DomainError) -> StatusCode:
    return next(status for kind, status in _STATUS.items() if isinstance(error, kind))


def failure_of(error: Exception) -> Failure:
    match error:
        case DomainError():
            return Failure(
                status=status_of(error),
                code=error.code,
                text=error.message,
                violations=error.errors if isinstance(error, InvalidInput) else {},
                retry_after=_retry_after(error),
            )
        case Unavailable():
            log.warning("grpc.unavailable", reason=str(error))
            return Failure(
                status=StatusCode.UNAVAILABLE,
                code="SERVICE_UNAVAILABLE",
                text="The service is temporarily unavailable",
                retry_after=timedelta(seconds=RETRY_AFTER),
            )
        case TooManyCalls():
            return Failure(
                status=StatusCode.RESOURCE_EXHAUSTED,
                code="TOO_MANY_CALLS",
                text="The server answers too many calls; try again later",
                retry_after=SOON,
            )
        case DeadlineExceeded():
            return Failure(
                status=StatusCode.DEADLINE_EXCEEDED, code="DEADLINE_EXCEEDED", text="The call took too long"
            )
        case DecodeError() | MalformedKey():
            is_key = isinstance(error, MalformedKey)
            return Failure(
                status=StatusCode.INVALID_ARGUMENT,
                code="BAD_REQUEST",
                text=str(error) if is_key else "The message cannot be read",
            )
        case _:
            log.error("grpc.unexpected_error", exc_info=error)
            return Failure(
                status=StatusCode.INTERNAL,
                code="INTERNAL_SERVER_ERROR",
                text="An unexpected error occurred",
            )


def _retry_after(error: DomainError) -> timedelta | None:
    if isinstance(error, RateLimited):
        return error.retry_after
    return SOON if isinstance(error, RequestInProgress) else None


def _packed(detail: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(detail)
    return packed
