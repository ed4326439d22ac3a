from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.authenticate import Principal
from internal.application.users.export_account import ExportAccount, ExportAccountCommand
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.users.export_controller import export_answer
from internal.infrastructure.http.web.form import REFUSALS, Form, Refusal
from internal.infrastructure.http.web.page import form_page

AnyRequest = Request[Any, Any, Any]


class ExportController(Controller):
    path = "/account/export"
    opt = access(SIGNED_IN)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest) -> Response[Any]:
        return _page(request)

    @post(status_code=200)
    async def download(
        self,
        request: AnyRequest,
        data: URLEncodedBody[Form],  # noqa: ARG002 - its CSRF token was read already
        principal: NamedDependency[Principal],
        export_account: NamedDependency[ExportAccount],
    ) -> Response[Any]:
        """The same file as that of the API."""
        try:
            exported = await export_account(ExportAccountCommand(user=principal.user))
        except REFUSALS as error:
            return _page(request, Refusal.of(error))
        return export_answer(request, exported, current_id=principal.session_id)


def _page(request: AnyRequest, refusal: Refusal | None = None) -> Response[Any]:
    return form_page(request, "account/export.html", refusal=refusal)
