from typing import Any

import msgspec
from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from internal.application.auth.log_out import LogOut, LogOutCommand
from internal.application.auth.refresh_session import RefreshSession, RefreshSessionCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.auth.schemas import AuthenticatedUser, RefreshTokenRequest
from internal.infrastructure.http.auth.session_answer import session_answer
from internal.infrastructure.http.envelope import EmptyEnvelope, Envelope, Meta
from internal.infrastructure.http.openapi import problems
from internal.infrastructure.http.session_cookies import SessionCookies


class AuthSessionsController(Controller):
    path = "/api/v1/auth"
    tags = ("auth",)
    opt = access(ANYONE)

    @post(
        "/refresh",
        status_code=200,
        summary="Exchange a refresh token for new tokens",
        responses=problems(400, 401, 403, 408, 413, 415, 422, 429, 503),
    )
    async def refresh(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[RefreshTokenRequest],
        caller: NamedDependency[Caller],
        refresh_session: NamedDependency[RefreshSession],
        session_cookies: NamedDependency[SessionCookies],
    ) -> Response[Envelope[AuthenticatedUser]]:
        given = data.refresh_token
        token = session_cookies.refresh_token(request) if given is msgspec.UNSET else given
        refreshed = await refresh_session(RefreshSessionCommand(refresh_token=token, caller=caller))
        return session_answer(
            request,
            refreshed.user,
            refreshed.tokens,
            message="Token refreshed successfully",
            cookies=session_cookies if given is msgspec.UNSET else None,
        )

    @post(
        "/logout",
        status_code=200,
        summary="End the session of a refresh token",
        responses=problems(400, 401, 403, 408, 413, 415, 422, 503),
    )
    async def log_out(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[RefreshTokenRequest],
        caller: NamedDependency[Caller],
        log_out: NamedDependency[LogOut],
        session_cookies: NamedDependency[SessionCookies],
    ) -> Response[EmptyEnvelope]:
        given = data.refresh_token
        token = session_cookies.refresh_token(request) if given is msgspec.UNSET else given
        await log_out(LogOutCommand(refresh_token=token, caller=caller))
        return Response(
            EmptyEnvelope(message="Logged out successfully", meta=Meta.of(request)),
            cookies=session_cookies.expired() if given is msgspec.UNSET else [],
        )
