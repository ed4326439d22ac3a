"""The one table from errors to HTTP answers."""

import math
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException, ValidationException

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
from internal.infrastructure.http.envelope import Meta, Problem
from internal.ports.idempotent_requests import RequestInProgress
from internal.ports.token_issuer import InvalidToken
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"

# RFC 9110 renamed these. The standard library follows in Python 3.13, but the API must not depend on that.
_TITLES = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}

_STATUS: Mapping[type[DomainError], HTTPStatus] = {
    InvalidAccountToken: HTTPStatus.BAD_REQUEST,
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotPermitted: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
}

# RFC 6750 section 3.1: `error` only if a token was sent. RFC 9110 section 10.2.3: Retry-After in seconds.
_HEADERS: Mapping[type[DomainError], Mapping[str, str]] = {
    InvalidToken: {"WWW-Authenticate": 'Bearer error="invalid_token"'},
    RequestInProgress: {"Retry-After": "1"},
}

_BROKEN_OFF = "client disconnected prematurely"  # Litestar has no exception type for it

AnyRequest = Request[Any, Any, Any]


def title_of(status: HTTPStatus) -> str:
    return _TITLES.get(status, status.phrase)


def code_of(status: HTTPStatus) -> str:
    """The code of a problem that only its status describes."""
    return title_of(status).upper().replace(" ", "_")


def problem_response(
    request: AnyRequest,
    status: HTTPStatus,
    *,
    detail: str,
    code: str | None = None,
    errors: Mapping[str, Sequence[str]] | msgspec.UnsetType = msgspec.UNSET,
    headers: Mapping[str, str] | None = None,
) -> Response[Problem]:
    problem = Problem(
        title=title_of(status),
        status=status,
        detail=detail,
        instance=_reference(request.scope["path"]),
        message=detail,
        error_code=code or code_of(status),
        errors=errors,
        meta=Meta.of(request),
    )
    challenge = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}
    return Response(
        problem, status_code=status, media_type=PROBLEM_JSON, headers={**challenge, **(headers or {})}
    )


def _reference(path: str) -> str:
    """The path as a URI reference (RFC 9457 section 3.1.5).

    It is not from `request.url`, which raises for a malformed Host header.
    """
    return quote(path, safe="/!$&'()*+,;=:@", errors="replace")


def status_of(error: DomainError) -> HTTPStatus:
    return next(status for kind, status in _STATUS.items() if isinstance(error, kind))


def domain_error(request: AnyRequest, error: DomainError) -> Response[Problem]:
    status = status_of(error)
    errors = error.errors if isinstance(error, InvalidInput) else msgspec.UNSET
    return problem_response(
        request,
        status,
        detail=error.message,
        code=error.code,
        errors=errors,
        headers=headers_of(error),
    )


def headers_of(error: DomainError) -> Mapping[str, str] | None:
    if isinstance(error, RateLimited):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after.total_seconds())))}
    return _HEADERS.get(type(error))


def invalid_parameters(request: AnyRequest, error: ValidationException) -> Response[Problem]:
    """Parameters, such as headers, that do not fit the route. JsonRequest reads the body."""
    names = [str(item["key"]) for item in error.extra] if isinstance(error.extra, list) else []
    return domain_error(request, InvalidInput({name: ["is invalid"] for name in names}))


def framework_failure(request: AnyRequest, error: InternalServerException) -> Response[Problem]:
    """Litestar's own 500s. One is the client's fault: an incomplete body, or invalid chunks."""
    if error.detail != _BROKEN_OFF:
        return unexpected_error(request, error)
    log.info("http.body_broken_off")
    return problem_response(request, HTTPStatus.BAD_REQUEST, detail="The body is incomplete")


def http_error(request: AnyRequest, error: HTTPException) -> Response[Problem]:
    """Requests that the framework refuses: unknown routes, wrong methods, large bodies, invalid JSON."""
    status = HTTPStatus(error.status_code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return unexpected_error(request, error)
    return problem_response(request, status, detail=error.detail, headers=error.headers)


def unavailable(request: AnyRequest, error: Unavailable) -> Response[Problem]:
    log.warning("http.unavailable", reason=str(error))
    return problem_response(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        detail="The service is temporarily unavailable",
    )


def unexpected_error(request: AnyRequest, error: Exception) -> Response[Problem]:
    log.error("http.unexpected_error", exc_info=error)
    return problem_response(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail="An unexpected error occurred")


EXCEPTION_HANDLERS: Mapping[int | type[Exception], Callable[[AnyRequest, Any], Response[Any]]] = {
    DomainError: domain_error,
    ValidationException: invalid_parameters,
    InternalServerException: framework_failure,
    HTTPException: http_error,
    Unavailable: unavailable,
    Exception: unexpected_error,
}
