# ruff: noqa: N802 - the methods have the names of email_link.proto
from collections.abc import Callable

from internal.application.auth.confirm_email import ConfirmEmail, ConfirmEmailCommand
from internal.application.auth.request_password_reset import (
    RequestPasswordReset,
    RequestPasswordResetCommand,
)
from internal.application.auth.request_verification import RequestVerification, RequestVerificationCommand
from internal.application.auth.reset_password import ResetPassword, ResetPasswordCommand
from internal.application.auth.verify_email import VerifyEmail, VerifyEmailCommand
from internal.infrastructure.grpc.current_call import current_caller
from internal.infrastructure.grpc.generated.account.v1 import email_link_pb2
from internal.infrastructure.grpc.generated.account.v1.email_link_pb2_grpc import EmailLinkServiceServicer
from internal.infrastructure.grpc.metadata import ServicerContext


class EmailLinkService(EmailLinkServiceServicer):
    def __init__(
        self,
        *,
        verify_email: Callable[[], VerifyEmail],
        request_verification: Callable[[], RequestVerification],
        confirm_email: Callable[[], ConfirmEmail],
        request_password_reset: Callable[[], RequestPasswordReset],
        reset_password: Callable[[], ResetPassword],
    ) -> None:
        self._verify_email = verify_email
        self._request_verification = request_verification
        self._confirm_email = confirm_email
        self._request_password_reset = request_password_reset
        self._reset_password = reset_password

    async def VerifyEmail(
        self, request: email_link_pb2.VerifyEmailRequest, _: ServicerContext
    ) -> email_link_pb2.VerifyEmailResponse:
        await self._verify_email()(VerifyEmailCommand(token=request.token, caller=current_caller()))
        return email_link_pb2.VerifyEmailResponse()

    async def ResendVerification(
        self, request: email_link_pb2.ResendVerificationRequest, _: ServicerContext
    ) -> email_link_pb2.ResendVerificationResponse:
        await self._request_verification()(
            RequestVerificationCommand(email=request.email, caller=current_caller())
        )
        return email_link_pb2.ResendVerificationResponse()

    async def ConfirmEmail(
        self, request: email_link_pb2.ConfirmEmailRequest, _: ServicerContext
    ) -> email_link_pb2.ConfirmEmailResponse:
        await self._confirm_email()(ConfirmEmailCommand(token=request.token, caller=current_caller()))
        return email_link_pb2.ConfirmEmailResponse()

    async def ForgotPassword(
        self, request: email_link_pb2.ForgotPasswordRequest, _: ServicerContext
    ) -> email_link_pb2.ForgotPasswordResponse:
        await self._request_password_reset()(
            RequestPasswordResetCommand(email=request.email, caller=current_caller())
        )
        return email_link_pb2.ForgotPasswordResponse()

    async def ResetPassword(
        self, request: email_link_pb2.ResetPasswordRequest, _: ServicerContext
    ) -> email_link_pb2.ResetPasswordResponse:
        await self._reset_password()(
            ResetPasswordCommand(token=request.token, password=request.password, caller=current_caller())
        )
        return email_link_pb2.ResetPasswordResponse()
