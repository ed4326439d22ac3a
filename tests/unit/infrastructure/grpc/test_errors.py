"""The table from errors to gRPC statuses has every error, and its details are those of google.rpc."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from structlog.testing import capture_logs

import internal
from internal.domain.account_token import InvalidAccountToken
from internal.domain.errors import Conflict, DomainError, InvalidInput, NotFound, NotPermitted, RateLimited
from internal.domain.user import (
    EmailAlreadyRegistered,
    InvalidCredentials,
    LastAdmin,
    UserChanged,
    UserNotFound,
)
from internal.infrastructure.grpc.deadline import DeadlineExceeded
from internal.infrastructure.grpc.errors import DOMAIN, Failure, failure_of, status_of
from internal.infrastructure.grpc.running_calls import TooManyCalls
from internal.ports.idempotent_requests import RequestInProgress
from internal.ports.unavailable import Unavailable

EXPECTED = {
    DomainError: None,  # nobody raises the kind of all kinds
    InvalidInput: StatusCode.INVALID_ARGUMENT,
    InvalidAccountToken: StatusCode.INVALID_ARGUMENT,
    InvalidCredentials: StatusCode.UNAUTHENTICATED,
    NotPermitted: StatusCode.PERMISSION_DENIED,
    NotFound: StatusCode.NOT_FOUND,
    UserNotFound: StatusCode.NOT_FOUND,
    Conflict: StatusCode.FAILED_PRECONDITION,
    LastAdmin: StatusCode.FAILED_PRECONDITION,
    EmailAlreadyRegistered: StatusCode.ALREADY_EXISTS,
    UserChanged: StatusCode.ABORTED,
    RequestInProgress: StatusCode.ABORTED,
    RateLimited: StatusCode.RESOURCE_EXHAUSTED,
}


def kinds_below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        yield child
        yield from kinds_below(child)


def every_kind() -> list[type[DomainError]]:
    for package in ("domain", "ports", "application"):
        for module in pkgutil.walk_packages([f"{internal.__path__[0]}/{package}"], f"internal.{package}."):
            importlib.import_module(module.name)
    return [kind for kind in kinds_below(DomainError) if kind.__module__.startswith("internal.")]


def blank(kind: type[DomainError]) -> DomainError:
    return kind.__new__(kind)


@pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: kind.__name__)
def test_every_domain_error_has_a_status_and_a_code(kind: type[DomainError]) -> None:
    assert status_of(blank(kind)) not in {StatusCode.OK, StatusCode.UNKNOWN, StatusCode.INTERNAL}
    assert kind.code != DomainError.code
    assert set(kind.code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), "google.rpc.ErrorInfo allows nothing else"


@pytest.mark.parametrize(("kind", "status"), [item for item in EXPECTED.items() if item[1]])
def test_a_domain_error_has_this_status(kind: type[DomainError], status: StatusCode) -> None:
    assert status_of(blank(kind)) is status


def details_of(failure: Failure) -> tuple[ErrorInfo, BadRequest, RetryInfo]:
    status = Status.FromString(failure.encoded())
    assert (status.code, status.message) == (failure.status.value[0], failure.text)
    found = ErrorInfo(), BadRequest(), RetryInfo()
    for detail in status.details:
        assert any(detail.Unpack(kind) for kind in found)
    return found


def test_invalid_input_names_each_problem_of_each_field() -> None:
    info, bad, _ = details_of(
        failure_of(InvalidInput({"name": ["is long", "is odd"], "email": ["is taken"]}))
    )

    assert (info.reason, info.domain) == ("VALIDATION_ERROR", DOMAIN)
    assert [(each.field, each.description) for each in bad.field_violations] == [
        ("name", "is long"),
        ("name", "is odd"),
        ("email", "is taken"),
    ]


@pytest.mark.parametrize(
    ("error", "status", "code", "seconds"),
    [
        (RateLimited(timedelta(seconds=90)), StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", 90),
        (RequestInProgress(), StatusCode.ABORTED, "REQUEST_IN_PROGRESS", 1),
        (Unavailable("Postgres cannot be reached"), StatusCode.UNAVAILABLE, "SERVICE_UNAVAILABLE", 2),
        (TooManyCalls(), StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS", 1),
        (UserNotFound(), StatusCode.NOT_FOUND, "USER_NOT_FOUND", None),
        (DeadlineExceeded(), StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", None),
        (DecodeError("bytes of a password"), StatusCode.INVALID_ARGUMENT, "BAD_REQUEST", None),
        (RuntimeError("a bug"), StatusCode.INTERNAL, "INTERNAL_SERVER_ERROR", None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_says_whether_and_when_to_try_again(
    error: Exception, status: StatusCode, code: str, seconds: int | None
) -> None:
    failure = failure_of(error)

    info, _, retry = details_of(failure)
    assert (failure.status, info.reason) == (status, code)
    assert (retry.retry_delay.seconds if retry.HasField("retry_delay") else None) == seconds


@pytest.mark.parametrize("error", [RuntimeError("secret"), Unavailable("secret"), DecodeError("secret")])
def test_tells_the_client_nothing_of_the_cause(error: Exception) -> None:
    with capture_logs():
        assert b"secret" not in failure_of(error).encoded()


def test_logs_a_bug_with_its_traceback() -> None:
    with capture_logs() as logs:
        failure_of(error := RuntimeError("a bug"))

    assert logs == [{"event": "grpc.unexpected_error", "log_level": "error", "exc_info": error}]
