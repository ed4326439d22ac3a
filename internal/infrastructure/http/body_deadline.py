import asyncio
from datetime import timedelta

from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send, WebSocketReceiveMessage


class BodyTooSlow(HTTPException):
    """The rest of the body is not read, so that nothing else can come on the connection."""

    status_code = 408

    def __init__(self) -> None:
        super().__init__("The request body took too long", headers={"Connection": "close"})


class BodyDeadline:
    """Gives the body of a request so much time to arrive, to its end. Granian itself waits for ever.

    The time counts from when the request is handled, not from when the body is first asked for.
    """

    def __init__(self, app: ASGIApp, *, within: timedelta) -> None:
        self._app = app
        self._within = within

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        deadline = asyncio.get_running_loop().time() + self._within.total_seconds()
        is_whole = False

        async def receive_in_time() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal is_whole
            if is_whole:  # what is waited for now is that the client leaves
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                raise BodyTooSlow from error
            is_whole = not message.get("more_body", False)
            return message

        await self._app(scope, receive_in_time, send)
