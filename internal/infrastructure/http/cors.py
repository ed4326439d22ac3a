from http import HTTPMethod, HTTPStatus

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from internal.infrastructure.config.origins import EVERY_ORIGIN

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, X-Request-ID",
    "Access-Control-Max-Age": "600",
}
_EXPOSED = "Location, Retry-After, WWW-Authenticate, X-Request-ID"


class Cors:
    """Lets web pages of these origins read the answers, without cookies (Fetch standard, section 3.3)."""

    def __init__(self, app: ASGIApp, *, origins: frozenset[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        given = dict(scope["headers"])
        allowed = self._allowed(given.get(b"origin", b"").decode("latin-1"))

        async def send_to_origin(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                if EVERY_ORIGIN not in self._origins:
                    headers.add("Vary", "Origin")
                if allowed:
                    headers["Access-Control-Allow-Origin"] = allowed
                    headers["Access-Control-Expose-Headers"] = _EXPOSED
            await send(message)

        is_preflight = {b"origin", b"access-control-request-method"} <= given.keys()
        if is_preflight and scope["method"] == HTTPMethod.OPTIONS:
            await _answer_preflight(send_to_origin, _PREFLIGHT if allowed else {})
            return
        await self._app(scope, receive, send_to_origin)

    def _allowed(self, origin: str) -> str | None:
        if EVERY_ORIGIN in self._origins:
            return EVERY_ORIGIN
        return origin if origin in self._origins else None


async def _answer_preflight(send: Send, headers: dict[str, str]) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": HTTPStatus.NO_CONTENT, "headers": raw})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
