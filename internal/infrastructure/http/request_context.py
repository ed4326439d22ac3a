import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from http import HTTPMethod, HTTPStatus
from uuid import uuid4

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from internal.infrastructure.inbound.readiness import RETRY_AFTER
from internal.infrastructure.inbound.request_ids import is_request_id

log = structlog.get_logger(__name__)

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# One year, for this host only: the service does not know the other hosts of its domain.
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}
_METHODS = frozenset(HTTPMethod)

RawHeader = tuple[bytes, bytes]


class RequestContext:
    """The outermost layer: sets the request id, the headers of every answer, and the id in every log line.

    It wraps the whole application, because the framework's own middleware does not see unknown routes.
    """

    def __init__(self, app: ASGIApp, *, routes: Collection[str], is_https_only: bool) -> None:
        self._app = app
        self._routes = frozenset(routes)
        self._headers = _encoded({**_HEADERS, **(_HSTS if is_https_only else {})})
        self._when_unavailable = [*self._headers, *_encoded({"Retry-After": str(RETRY_AFTER)})]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        request_id = _given_request_id(scope) or str(uuid4())
        scope["state"] = {"request_id": request_id}
        method, path = scope["method"], scope["path"]
        status = 0
        started = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                    *self._missing_in(message, status),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_headers)
            duration = round((time.perf_counter() - started) * 1000, 1)
            log.info(
                "http.request",
                method=method if method in _METHODS else "(other)",
                path=self._route(scope, path),
                status=status,
                milliseconds=duration,
            )

    def _missing_in(self, message: HTTPResponseStartEvent, status: int) -> Iterator[RawHeader]:
        given = {name.lower() for name, _ in message.get("headers", ())}
        for header in self._when_unavailable if status == HTTPStatus.SERVICE_UNAVAILABLE else self._headers:
            if header[0] not in given:
                yield header

    def _route(self, scope: Scope, path: str) -> str:
        """The route's template, such as `/users/{id}`. The path itself may contain personal data."""
        if template := scope.get("path_template"):
            return str(template)
        return path if path in self._routes else "(no route)"


def _encoded(headers: Mapping[str, str]) -> Sequence[RawHeader]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _given_request_id(scope: Scope) -> str | None:
    value = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return value if is_request_id(value) else None
