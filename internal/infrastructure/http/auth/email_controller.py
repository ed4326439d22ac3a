from typing import Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from internal.application.auth.confirm_email import ConfirmEmail, ConfirmEmailCommand
from internal.application.auth.request_verification import RequestVerification, RequestVerificationCommand
from internal.application.auth.verify_email import VerifyEmail, VerifyEmailCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.auth.schemas import EmailRequest, TokenRequest
from internal.infrastructure.http.envelope import EmptyEnvelope, Meta
from internal.infrastructure.http.openapi import problems


class EmailController(Controller):
    path = "/api/v1/auth"
    tags = ("auth",)

    @post(
        "/verify-email",
        opt=access(ANYONE),
        status_code=200,
        summary="Verify the email address of an account",
        responses=problems(400, 408, 413, 415, 422, 503),
    )
    async def verify(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[TokenRequest],
        caller: NamedDependency[Caller],
        verify_email: NamedDependency[VerifyEmail],
    ) -> EmptyEnvelope:
        await verify_email(VerifyEmailCommand(token=data.token, caller=caller))
        return EmptyEnvelope(message="Email address verified", meta=Meta.of(request))

    @post(
        "/resend-verification",
        opt=access(ANYONE),
        status_code=202,
        summary="Ask for another verification email",
        responses=problems(400, 408, 413, 415, 422, 429, 503),
    )
    async def resend(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[EmailRequest],
        caller: NamedDependency[Caller],
        request_verification: NamedDependency[RequestVerification],
    ) -> EmptyEnvelope:
        await request_verification(RequestVerificationCommand(email=data.email, caller=caller))
        return EmptyEnvelope(
            message="If an account has this address and needs verification, an email is on its way",
            meta=Meta.of(request),
        )

    @post(
        "/confirm-email",
        opt=access(ANYONE),
        status_code=200,
        summary="Confirm the new email address of an account",
        responses=problems(400, 408, 409, 413, 415, 422, 503),
    )
    async def confirm(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[TokenRequest],
        caller: NamedDependency[Caller],
        confirm_email: NamedDependency[ConfirmEmail],
    ) -> EmptyEnvelope:
        await confirm_email(ConfirmEmailCommand(token=data.token, caller=caller))
        return EmptyEnvelope(message="Email address changed", meta=Meta.of(request))
