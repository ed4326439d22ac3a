from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.confirm_email import ConfirmEmail, ConfirmEmailCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.web.form import REFUSALS
from internal.infrastructure.http.web.link_page import LinkForm, opened_link, refused_link
from internal.infrastructure.http.web.page import page, see_other

AnyRequest = Request[Any, Any, Any]


class ConfirmEmailController(Controller):
    path = "/confirm-email"
    opt = access(ANYONE)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest) -> Response[Any]:
        return opened_link(request, "confirm-email")

    @post()
    async def confirm(
        self,
        request: AnyRequest,
        data: URLEncodedBody[LinkForm],
        caller: NamedDependency[Caller],
        confirm_email: NamedDependency[ConfirmEmail],
    ) -> Response[Any]:
        try:
            await confirm_email(ConfirmEmailCommand(token=data.token, caller=caller))
        except REFUSALS as error:
            return refused_link(request, "confirm-email", token=data.token, error=error)
        return see_other("/confirm-email/done")

    @get("/done", sync_to_thread=False)
    def done(self, request: AnyRequest) -> Response[Any]:
        return page(request, "confirm-email-done.html")
