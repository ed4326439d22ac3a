from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.authenticate import Principal
from internal.application.users.end_all_sessions import EndAllSessions, EndAllSessionsCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.session_cookies import SessionCookies
from internal.infrastructure.http.web.form import REFUSALS, Form, Refusal
from internal.infrastructure.http.web.page import form_page, see_other

AnyRequest = Request[Any, Any, Any]


class EndAllSessionsController(Controller):
    path = "/account/sessions/end-all"
    opt = access(SIGNED_IN)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest) -> Response[Any]:
        return _page(request)

    @post()
    async def end_all(
        self,
        request: AnyRequest,
        data: URLEncodedBody[Form],  # noqa: ARG002 - its CSRF token was read already
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        end_all_sessions: NamedDependency[EndAllSessions],
        session_cookies: NamedDependency[SessionCookies],
    ) -> Response[Any]:
        try:
            await end_all_sessions(EndAllSessionsCommand(user=principal.user, caller=caller))
        except REFUSALS as error:
            return _page(request, Refusal.of(error))
        return see_other("/log-in?notice=all-sessions-ended", cookies=session_cookies.expired())


def _page(request: AnyRequest, refusal: Refusal | None = None) -> Response[Any]:
    return form_page(request, "account/end-all-sessions.html", refusal=refusal)
