from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.log_in import LogIn, LogInCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.session_cookies import SessionCookies
from internal.infrastructure.http.web.form import REFUSALS, Form, Refusal
from internal.infrastructure.http.web.local_path import local_path
from internal.infrastructure.http.web.page import form_page, see_other
from internal.infrastructure.http.web.website import Website

AnyRequest = Request[Any, Any, Any]


class LogInForm(Form, frozen=True, kw_only=True):
    """`next` is the page to which the log-in leads."""

    email: str = ""
    password: str = ""
    next: str = ""


class LogInController(Controller):
    path = "/log-in"
    opt = access(ANYONE)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest) -> Response[Any]:
        return _page(request, LogInForm(next=request.query_params.get("next", "")))

    @post()
    async def log_in(
        self,
        request: AnyRequest,
        data: URLEncodedBody[LogInForm],
        caller: NamedDependency[Caller],
        log_in: NamedDependency[LogIn],
        session_cookies: NamedDependency[SessionCookies],
        website: NamedDependency[Website],
    ) -> Response[Any]:
        lasts_for = session_cookies.kind.lasts_for
        command = LogInCommand(email=data.email, password=data.password, caller=caller, lasts_for=lasts_for)
        try:
            logged_in = await log_in(command)
        except REFUSALS as error:
            return _page(request, data, Refusal.of(error))
        return see_other(
            local_path(data.next, home=website.home), cookies=session_cookies.of(logged_in.tokens)
        )


def _page(request: AnyRequest, typed: LogInForm, refusal: Refusal | None = None) -> Response[Any]:
    return form_page(request, "log-in.html", refusal=refusal, typed=typed)
