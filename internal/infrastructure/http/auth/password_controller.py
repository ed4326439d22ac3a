from typing import Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from internal.application.auth.request_password_reset import (
    RequestPasswordReset,
    RequestPasswordResetCommand,
)
from internal.application.auth.reset_password import ResetPassword, ResetPasswordCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.auth.schemas import EmailRequest, ResetPasswordRequest
from internal.infrastructure.http.envelope import EmptyEnvelope, Meta
from internal.infrastructure.http.openapi import problems


class PasswordController(Controller):
    path = "/api/v1/auth"
    tags = ("auth",)
    opt = access(ANYONE)

    @post(
        "/forgot-password",
        status_code=202,
        summary="Ask for an email to choose a new password",
        responses=problems(400, 408, 413, 415, 422, 429, 503),
    )
    async def forgot(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[EmailRequest],
        caller: NamedDependency[Caller],
        request_password_reset: NamedDependency[RequestPasswordReset],
    ) -> EmptyEnvelope:
        await request_password_reset(RequestPasswordResetCommand(email=data.email, caller=caller))
        return EmptyEnvelope(
            message="If an account has this address, an email is on its way", meta=Meta.of(request)
        )

    @post(
        "/reset-password",
        status_code=200,
        summary="Choose a new password",
        responses=problems(400, 408, 413, 415, 422, 503),
    )
    async def reset(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[ResetPasswordRequest],
        caller: NamedDependency[Caller],
        reset_password: NamedDependency[ResetPassword],
    ) -> EmptyEnvelope:
        await reset_password(ResetPasswordCommand(token=data.token, password=data.password, caller=caller))
        return EmptyEnvelope(message="Password reset successfully", meta=Meta.of(request))
