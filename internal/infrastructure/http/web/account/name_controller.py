from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.authenticate import Principal
from internal.application.users.change_name import ChangeName, ChangeNameCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.web.form import REFUSALS, Form, Refusal
from internal.infrastructure.http.web.page import form_page, see_other

AnyRequest = Request[Any, Any, Any]


class NameForm(Form, frozen=True, kw_only=True):
    name: str = ""


class NameController(Controller):
    path = "/account/name"
    opt = access(SIGNED_IN)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest, principal: NamedDependency[Principal]) -> Response[Any]:
        return _page(request, NameForm(name=principal.user.name.value))

    @post()
    async def change(
        self,
        request: AnyRequest,
        data: URLEncodedBody[NameForm],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        change_name: NamedDependency[ChangeName],
    ) -> Response[Any]:
        try:
            await change_name(ChangeNameCommand(principal=principal, name=data.name, caller=caller))
        except REFUSALS as error:
            return _page(request, data, Refusal.of(error))
        return see_other("/account?notice=name-changed")


def _page(request: AnyRequest, typed: NameForm, refusal: Refusal | None = None) -> Response[Any]:
    return form_page(request, "account/name.html", refusal=refusal, typed=typed)
