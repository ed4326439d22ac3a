from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.authenticate import Principal
from internal.application.auth.request_verification import RequestVerification, RequestVerificationCommand
from internal.domain.caller import Caller
from internal.domain.user import User
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.web.form import REFUSALS, Form, Refusal
from internal.infrastructure.http.web.page import form_page, see_other

AnyRequest = Request[Any, Any, Any]


class VerificationController(Controller):
    """Sends the email that verifies the address again."""

    path = "/account/verification"
    opt = access(SIGNED_IN)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest, principal: NamedDependency[Principal]) -> Response[Any]:
        return _page(request, principal.user)

    @post()
    async def send(
        self,
        request: AnyRequest,
        data: URLEncodedBody[Form],  # noqa: ARG002 - its CSRF token was read already
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        request_verification: NamedDependency[RequestVerification],
    ) -> Response[Any]:
        user = principal.user
        try:
            await request_verification(RequestVerificationCommand(email=user.email.value, caller=caller))
        except REFUSALS as error:
            return _page(request, user, Refusal.of(error))
        return see_other("/account?notice=verification-sent")


def _page(request: AnyRequest, user: User, refusal: Refusal | None = None) -> Response[Any]:
    return form_page(request, "account/verification.html", refusal=refusal, user=user)
