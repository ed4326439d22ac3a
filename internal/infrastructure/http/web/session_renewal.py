from collections.abc import Callable, Sequence
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from internal.application.auth.refresh_session import RefreshSession, RefreshSessionCommand
from internal.domain.errors import NotAuthenticated
from internal.infrastructure.http.caller import Callers
from internal.infrastructure.http.session_cookies import SessionCookies
from internal.infrastructure.http.web.page import FORM_TOKEN, HAS_SESSION


class SessionRenewal(ASGIMiddleware):
    """Renews a browser's session when its access token has expired, since a page without scripts cannot."""

    scopes = (ScopeType.HTTP,)

    def __init__(
        self,
        *,
        refresh_session: Callable[[], RefreshSession],
        session_cookies: Callable[[], SessionCookies],
        callers: Callers,
    ) -> None:
        self._refresh_session = refresh_session
        self._session_cookies = session_cookies
        self._callers = callers

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope)
        cookies = await self._renew(request)

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*_headers_of(cookies), *message["headers"]]
            await send(message)

        await next_app(scope, receive, send_with_cookies if cookies else send)

    async def _renew(self, request: Request[Any, Any, Any]) -> Sequence[Cookie]:
        """The cookies that the answer sets: new ones, or expired ones if the session has ended."""
        session_cookies = self._session_cookies()
        request.state[HAS_SESSION] = session_cookies.are_sent_by(request)
        request.state[FORM_TOKEN] = session_cookies.csrf_token_of(request)
        token = session_cookies.token_to_renew(request)
        if token is None:
            return []
        caller = self._callers.caller_of(request)
        idle_for = session_cookies.kind.idle_for
        command = RefreshSessionCommand(refresh_token=token, caller=caller, idle_for=idle_for)
        try:
            renewed = await self._refresh_session()(command)
        except NotAuthenticated:
            request.state[HAS_SESSION] = False
            return session_cookies.expired()
        session_cookies.use_renewed(request, renewed.tokens.access_token)
        return session_cookies.of(renewed.tokens)


def _headers_of(cookies: Sequence[Cookie]) -> list[tuple[bytes, bytes]]:
    # The browser obeys the last Set-Cookie of a name: what the page itself sets comes after these.
    return [cookie.to_encoded_header() for cookie in cookies]
