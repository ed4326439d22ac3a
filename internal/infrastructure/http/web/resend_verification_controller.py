from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.request_verification import RequestVerification, RequestVerificationCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.web.email_form import EmailForm
from internal.infrastructure.http.web.form import REFUSALS, Refusal
from internal.infrastructure.http.web.page import form_page, page, see_other

AnyRequest = Request[Any, Any, Any]


class ResendVerificationController(Controller):
    path = "/resend-verification"
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
        request_verification: NamedDependency[RequestVerification],
    ) -> Response[Any]:
        try:
            await request_verification(RequestVerificationCommand(email=data.email, caller=caller))
        except REFUSALS as error:
            return _page(request, data, Refusal.of(error))
        return see_other("/resend-verification/sent")

    @get("/sent", sync_to_thread=False)
    def sent(self, request: AnyRequest) -> Response[Any]:
        return page(request, "resend-verification-sent.html")


def _page(request: AnyRequest, typed: EmailForm, refusal: Refusal | None = None) -> Response[Any]:
    return form_page(request, "resend-verification.html", refusal=refusal, typed=typed)
