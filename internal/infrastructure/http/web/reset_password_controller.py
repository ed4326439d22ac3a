from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.reset_password import ResetPassword, ResetPasswordCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.session_cookies import SessionCookies
from internal.infrastructure.http.web.form import REFUSALS
from internal.infrastructure.http.web.link_page import LinkForm, opened_link, refused_link
from internal.infrastructure.http.web.page import see_other

AnyRequest = Request[Any, Any, Any]


class ResetPasswordForm(LinkForm, frozen=True, kw_only=True):
    password: str = ""


class ResetPasswordController(Controller):
    path = "/reset-password"
    opt = access(ANYONE)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest) -> Response[Any]:
        return opened_link(request, "reset-password")

    @post()
    async def reset(
        self,
        request: AnyRequest,
        data: URLEncodedBody[ResetPasswordForm],
        caller: NamedDependency[Caller],
        reset_password: NamedDependency[ResetPassword],
        session_cookies: NamedDependency[SessionCookies],
    ) -> Response[Any]:
        """Set the password. The session of this browser has ended with all others, so its cookies go."""
        command = ResetPasswordCommand(token=data.token, password=data.password, caller=caller)
        try:
            await reset_password(command)
        except REFUSALS as error:
            return refused_link(request, "reset-password", token=data.token, error=error)
        return see_other("/log-in?notice=password-reset", cookies=session_cookies.expired())
