from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from internal.application.auth.authenticate import Principal
from internal.application.users.list_own_security_events import (
    ListOwnSecurityEvents,
    ListOwnSecurityEventsCommand,
)
from internal.application.users.list_sessions import ListSessions, ListSessionsCommand
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.web.account.views import EventView, session_views
from internal.infrastructure.http.web.page import page

_SESSIONS, _EVENTS = 3, 5


class OverviewController(Controller):
    """Everything about the account at a glance. Each change has a page of its own."""

    path = "/account"
    opt = access(SIGNED_IN)

    @get()
    async def page(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        list_sessions: NamedDependency[ListSessions],
        list_own_security_events: NamedDependency[ListOwnSecurityEvents],
    ) -> Response[Any]:
        user = principal.user
        listed = await list_sessions(ListSessionsCommand(user=user))
        sessions = session_views(listed.sessions, current_id=principal.session_id)
        command = ListOwnSecurityEventsCommand(user=user, size=_EVENTS, cursor=None)
        recent = await list_own_security_events(command)
        return page(
            request,
            "account/overview.html",
            user=user,
            sessions=sessions[:_SESSIONS],
            session_count=len(sessions),
            events=[EventView.of(event) for event in recent.events],
            has_more_events=recent.next is not None,
        )
