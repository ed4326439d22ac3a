from typing import Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from internal.application.auth.authenticate import Principal
from internal.application.users.change_password import ChangePassword, ChangePasswordCommand
from internal.application.users.request_email_change import RequestEmailChange, RequestEmailChangeCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.envelope import EmptyEnvelope, Meta
from internal.infrastructure.http.openapi import BEARER, problems
from internal.infrastructure.http.users.schemas import ChangeEmailRequest, ChangePasswordRequest


class CredentialsController(Controller):
    path = "/api/v1/users/me"
    tags = ("users",)
    opt = access(SIGNED_IN)
    security = (BEARER,)

    @post(
        "/password",
        status_code=200,
        summary="Change your password",
        responses=problems(400, 401, 403, 408, 409, 413, 415, 422, 429, 503),
    )
    async def change_password(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[ChangePasswordRequest],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        change_password: NamedDependency[ChangePassword],
    ) -> EmptyEnvelope:
        await change_password(
            ChangePasswordCommand(
                principal=principal,
                current_password=data.current_password,
                new_password=data.new_password,
                caller=caller,
            )
        )
        return EmptyEnvelope(message="Password changed successfully", meta=Meta.of(request))

    @post(
        "/email",
        status_code=202,
        summary="Change your email address",
        responses=problems(400, 401, 403, 408, 409, 413, 415, 422, 429, 503),
    )
    async def change_email(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[ChangeEmailRequest],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        request_email_change: NamedDependency[RequestEmailChange],
    ) -> EmptyEnvelope:
        await request_email_change(
            RequestEmailChangeCommand(
                principal=principal, email=data.email, password=data.password, caller=caller
            )
        )
        return EmptyEnvelope(
            message="If the address can be used, an email to it is on its way", meta=Meta.of(request)
        )
