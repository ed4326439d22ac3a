from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.authenticate import Principal
from internal.application.users.end_session import EndSession, EndSessionCommand, SessionNotFound
from internal.application.users.list_sessions import ListSessions, ListSessionsCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.session_cookies import SessionCookies
from internal.infrastructure.http.web.account.views import session_views
from internal.infrastructure.http.web.form import REFUSALS, Form, Refusal
from internal.infrastructure.http.web.page import form_page, see_other
from internal.infrastructure.inbound.ids import parse_id

AnyRequest = Request[Any, Any, Any]


class EndSessionForm(Form, frozen=True, kw_only=True):
    session_id: str = ""


class SessionsController(Controller):
    path = "/account/sessions"
    opt = access(SIGNED_IN)

    @get()
    async def page(
        self,
        request: AnyRequest,
        principal: NamedDependency[Principal],
        list_sessions: NamedDependency[ListSessions],
    ) -> Response[Any]:
        return await _page(request, principal, list_sessions)

    @post()
    async def end(
        self,
        request: AnyRequest,
        data: URLEncodedBody[EndSessionForm],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        end_session: NamedDependency[EndSession],
        list_sessions: NamedDependency[ListSessions],
        session_cookies: NamedDependency[SessionCookies],
    ) -> Response[Any]:
        try:
            session_id = parse_id(data.session_id, SessionNotFound)
            await end_session(EndSessionCommand(user=principal.user, session_id=session_id, caller=caller))
        except REFUSALS as error:
            return await _page(request, principal, list_sessions, Refusal.of(error))
        if session_id == principal.session_id:
            return see_other("/log-in?notice=logged-out", cookies=session_cookies.expired())
        return see_other("/account/sessions?notice=session-ended")


async def _page(
    request: AnyRequest,
    principal: Principal,
    list_sessions: ListSessions,
    refusal: Refusal | None = None,
) -> Response[Any]:
    listed = await list_sessions(ListSessionsCommand(user=principal.user))
    sessions = session_views(listed.sessions, current_id=principal.session_id)
    return form_page(request, "account/sessions.html", refusal=refusal, sessions=sessions)
