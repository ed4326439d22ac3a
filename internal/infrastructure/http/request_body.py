import asyncio
from datetime import timedelta

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)


class BodyTooSlow(HTTPException):
    status_code = 408

    def __init__(self) -> None:
        super().__init__("The request body took too long")


class RequestBody:
    """Limits the time for a request's body, and closes the connection if the body was not read completely.

    The time runs from the start of handling to the end of the body; Granian alone would wait forever. If the
    body was not read completely, the answer says `Connection: close`: the rest may still arrive, and the
    server could not find the next request after it.
    """

    def __init__(self, app: ASGIApp, *, within: timedelta) -> None:
        self._app = app
        self._within = within

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        deadline = asyncio.get_running_loop().time() + self._within.total_seconds()
        is_whole = not _announces_body(scope)

        async def receive_in_time() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal is_whole
            if is_whole:  # the application waits for the client to disconnect
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                raise BodyTooSlow from error
            is_whole = message["type"] == "http.request" and not message.get("more_body", False)
            return message

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start" and not is_whole:
                MutableScopeHeaders.from_message(message)["Connection"] = "close"
            await send(message)

        await self._app(scope, receive_in_time, send_and_close)


def _announces_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0").strip(b"0") != b""
