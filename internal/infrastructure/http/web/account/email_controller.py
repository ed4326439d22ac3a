from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.authenticate import Principal
from internal.application.users.request_email_change import RequestEmailChange, RequestEmailChangeCommand
from internal.domain.caller import Caller
from internal.domain.user import User
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.web.form import REFUSALS, Form, Refusal
from internal.infrastructure.http.web.page import form_page, see_other

AnyRequest = Request[Any, Any, Any]


class EmailForm(Form, frozen=True, kw_only=True):
    """`email` is the new address, and `password` the current password."""

    email: str = ""
    password: str = ""


class EmailController(Controller):
    path = "/account/email"
    opt = access(SIGNED_IN)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest, principal: NamedDependency[Principal]) -> Response[Any]:
        return _page(request, principal.user, EmailForm())

    @post()
    async def change(
        self,
        request: AnyRequest,
        data: URLEncodedBody[EmailForm],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        request_email_change: NamedDependency[RequestEmailChange],
    ) -> Response[Any]:
        command = RequestEmailChangeCommand(
            principal=principal, email=data.email, password=data.password, caller=caller
        )
        try:
            await request_email_change(command)
        except REFUSALS as error:
            return _page(request, principal.user, data, Refusal.of(error))
        return see_other("/account?notice=email-change-requested")


def _page(request: AnyRequest, user: User, typed: EmailForm, refusal: Refusal | None = None) -> Response[Any]:
    return form_page(request, "account/email.html", refusal=refusal, user=user, typed=typed)
