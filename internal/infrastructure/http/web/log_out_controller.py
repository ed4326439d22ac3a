from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.log_out import LogOut, LogOutCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.session_cookies import SessionCookies
from internal.infrastructure.http.web.form import Form
from internal.infrastructure.http.web.page import page, see_other

AnyRequest = Request[Any, Any, Any]


class LogOutController(Controller):
    path = "/log-out"
    opt = access(ANYONE)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest) -> Response[Any]:
        return page(request, "log-out.html")

    @post()
    async def log_out(
        self,
        request: AnyRequest,
        data: URLEncodedBody[Form],  # noqa: ARG002 - its CSRF token was read already
        caller: NamedDependency[Caller],
        log_out: NamedDependency[LogOut],
        session_cookies: NamedDependency[SessionCookies],
    ) -> Response[Any]:
        """End the session, if there is one, and make the browser forget it."""
        if session_cookies.are_sent_by(request):
            token = session_cookies.refresh_token(request)
            await log_out(LogOutCommand(refresh_token=token, caller=caller))
        return see_other("/log-in?notice=logged-out", cookies=session_cookies.expired())
