from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from internal.application.auth.authenticate import Principal
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.web.page import page


class AccountController(Controller):
    path = "/account"
    opt = access(SIGNED_IN)

    @get(sync_to_thread=False)
    def page(self, request: Request[Any, Any, Any], principal: NamedDependency[Principal]) -> Response[Any]:
        return page(request, "account.html", user=principal.user)
