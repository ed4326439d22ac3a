from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.verify_email import VerifyEmail, VerifyEmailCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.web.form import REFUSALS
from internal.infrastructure.http.web.link_page import LinkForm, opened_link, refused_link
from internal.infrastructure.http.web.page import page, see_other

AnyRequest = Request[Any, Any, Any]


class VerifyEmailController(Controller):
    path = "/verify-email"
    opt = access(ANYONE)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest) -> Response[Any]:
        return opened_link(request, "verify-email")

    @post()
    async def verify(
        self,
        request: AnyRequest,
        data: URLEncodedBody[LinkForm],
        caller: NamedDependency[Caller],
        verify_email: NamedDependency[VerifyEmail],
    ) -> Response[Any]:
        try:
            await verify_email(VerifyEmailCommand(token=data.token, caller=caller))
        except REFUSALS as error:
            return refused_link(request, "verify-email", token=data.token, error=error)
        return see_other("/verify-email/done")

    @get("/done", sync_to_thread=False)
    def done(self, request: AnyRequest) -> Response[Any]:
        return page(request, "verify-email-done.html")
