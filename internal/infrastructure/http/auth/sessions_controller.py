from typing import Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from internal.application.auth.log_out import LogOut, LogOutCommand
from internal.application.auth.refresh_session import RefreshSession, RefreshSessionCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.auth.schemas import AuthenticatedUser, RefreshTokenRequest
from internal.infrastructure.http.envelope import EmptyEnvelope, Envelope, Meta
from internal.infrastructure.http.openapi import problems


class AuthSessionsController(Controller):
    path = "/api/v1/auth"
    tags = ("auth",)
    opt = access(ANYONE)

    @post(
        "/refresh",
        status_code=200,
        summary="Exchange a refresh token for new tokens",
        responses=problems(400, 401, 408, 413, 415, 422, 429, 503),
    )
    async def refresh(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[RefreshTokenRequest],
        caller: NamedDependency[Caller],
        refresh_session: NamedDependency[RefreshSession],
    ) -> Envelope[AuthenticatedUser]:
        refreshed = await refresh_session(
            RefreshSessionCommand(refresh_token=data.refresh_token, caller=caller)
        )
        return Envelope(
            message="Token refreshed successfully",
            data=AuthenticatedUser.of(refreshed.user, refreshed.tokens),
            meta=Meta.of(request),
        )

    @post(
        "/logout",
        status_code=200,
        summary="End the session of a refresh token",
        responses=problems(400, 401, 408, 413, 415, 422, 503),
    )
    async def log_out(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[RefreshTokenRequest],
        caller: NamedDependency[Caller],
        log_out: NamedDependency[LogOut],
    ) -> EmptyEnvelope:
        await log_out(LogOutCommand(refresh_token=data.refresh_token, caller=caller))
        return EmptyEnvelope(message="Logged out successfully", meta=Meta.of(request))
