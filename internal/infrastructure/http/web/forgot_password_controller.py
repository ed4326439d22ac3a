from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.request_password_reset import (
    RequestPasswordReset,
    RequestPasswordResetCommand,
)
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.web.email_form import EmailForm
from internal.infrastructure.http.web.form import REFUSALS, Refusal
from internal.infrastructure.http.web.page import form_page, page, see_other

AnyRequest = Request[Any, Any, Any]


class ForgotPasswordController(Controller):
    path = "/forgot-password"
    opt = access(ANYONE)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest) -> Response[Any]:
        return _page(request, EmailForm())

    @post()
    async def ask(
        self,
        request: AnyRequest,
        data: URLEncodedBody[EmailForm],
        caller: NamedDependency[Caller],
        request_password_reset: NamedDependency[RequestPasswordReset],
    ) -> Response[Any]:
        try:
            await request_password_reset(RequestPasswordResetCommand(email=data.email, caller=caller))
        except REFUSALS as error:
            return _page(request, data, Refusal.of(error))
        return see_other("/forgot-password/sent")

    @get("/sent", sync_to_thread=False)
    def sent(self, request: AnyRequest) -> Response[Any]:
        return page(request, "forgot-password-sent.html")


def _page(request: AnyRequest, typed: EmailForm, refusal: Refusal | None = None) -> Response[Any]:
    return form_page(request, "forgot-password.html", refusal=refusal, typed=typed)
