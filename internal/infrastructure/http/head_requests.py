from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Answers HEAD like GET, with the same headers and without a body (RFC 9110 section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        is_head = scope["method"] == "HEAD"
        if is_head:
            scope["method"] = "GET"

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.start":
                _allow_head(MutableScopeHeaders.from_message(message))
            if is_head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        await self._app(scope, receive, send_without_body)


def _allow_head(headers: MutableScopeHeaders) -> None:
    """Add HEAD to an Allow header that names GET."""
    allowed = headers.get("Allow", "").split(", ")
    if "GET" in allowed:
        headers["Allow"] = ", ".join(sorted({*allowed, "HEAD"}))
