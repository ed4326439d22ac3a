"""The pages for people. They translate for the same use cases as the API."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from litestar import Router
from litestar.types import ControllerRouterHandler

from internal.infrastructure.http.caller import Callers
from internal.infrastructure.http.web.account.pages import ACCOUNT_PAGES
from internal.infrastructure.http.web.confirm_email_controller import ConfirmEmailController
from internal.infrastructure.http.web.forgot_password_controller import ForgotPasswordController
from internal.infrastructure.http.web.log_in_controller import LogInController
from internal.infrastructure.http.web.log_out_controller import LogOutController
from internal.infrastructure.http.web.mails_controller import MailsController
from internal.infrastructure.http.web.page_router import page_router
from internal.infrastructure.http.web.resend_verification_controller import ResendVerificationController
from internal.infrastructure.http.web.reset_password_controller import ResetPasswordController
from internal.infrastructure.http.web.sign_up_controller import SignUpController
from internal.infrastructure.http.web.start_controller import start
from internal.infrastructure.http.web.verify_email_controller import VerifyEmailController
from internal.infrastructure.http.web.website import Website

_PAGES: Sequence[ControllerRouterHandler] = (
    start,
    SignUpController,
    LogInController,
    LogOutController,
    ForgotPasswordController,
    ResetPasswordController,
    VerifyEmailController,
    ResendVerificationController,
    ConfirmEmailController,
    *ACCOUNT_PAGES,
)


def web_router(*, providers: Mapping[str, Callable[[], Any]], callers: Callers, website: Website) -> Router:
    pages = [*_PAGES, MailsController] if website.has_mails else _PAGES
    return page_router("/", pages, providers=providers, callers=callers)
