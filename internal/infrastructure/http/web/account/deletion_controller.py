from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.authenticate import Principal
from internal.application.users.delete_account import DeleteAccount, DeleteAccountCommand
from internal.domain.caller import Caller
from internal.domain.user import User
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.session_cookies import SessionCookies
from internal.infrastructure.http.web.form import REFUSALS, Form, Refusal
from internal.infrastructure.http.web.page import form_page, see_other

AnyRequest = Request[Any, Any, Any]


class DeletionForm(Form, frozen=True, kw_only=True):
    password: str = ""


class DeletionController(Controller):
    path = "/account/delete"
    opt = access(SIGNED_IN)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest, principal: NamedDependency[Principal]) -> Response[Any]:
        return _page(request, principal.user)

    @post()
    async def delete(
        self,
        request: AnyRequest,
        data: URLEncodedBody[DeletionForm],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        delete_account: NamedDependency[DeleteAccount],
        session_cookies: NamedDependency[SessionCookies],
    ) -> Response[Any]:
        command = DeleteAccountCommand(principal=principal, password=data.password, caller=caller)
        try:
            await delete_account(command)
        except REFUSALS as error:
            return _page(request, principal.user, Refusal.of(error))
        return see_other("/?notice=account-deleted", cookies=session_cookies.expired())


def _page(request: AnyRequest, user: User, refusal: Refusal | None = None) -> Response[Any]:
    return form_page(request, "account/delete.html", refusal=refusal, user=user)
