from http import HTTPStatus
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from internal.application.auth.authenticate import Principal
from internal.application.users.list_own_security_events import (
    ListOwnSecurityEvents,
    ListOwnSecurityEventsCommand,
)
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.web.account.views import EventView
from internal.infrastructure.http.web.page import page
from internal.ports.cursors import InvalidCursor
from internal.ports.security_event_log import EventPage

_SIZE = 20
_NO_EVENTS = EventPage(events=[], next=None)

AnyRequest = Request[Any, Any, Any]


class ActivityController(Controller):
    path = "/account/activity"
    opt = access(SIGNED_IN)

    @get()
    async def page(
        self,
        request: AnyRequest,
        principal: NamedDependency[Principal],
        list_own_security_events: NamedDependency[ListOwnSecurityEvents],
    ) -> Response[Any]:
        cursor = request.query_params.get("cursor")
        command = ListOwnSecurityEventsCommand(user=principal.user, size=_SIZE, cursor=cursor)
        try:
            listed = await list_own_security_events(command)
        except InvalidCursor:
            return _page(request, _NO_EVENTS, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        return _page(request, listed)


def _page(request: AnyRequest, listed: EventPage, *, status: HTTPStatus = HTTPStatus.OK) -> Response[Any]:
    return page(
        request,
        "account/activity.html",
        status=status,
        events=[EventView.of(event) for event in listed.events],
        older=listed.next,
        is_first_page="cursor" not in request.query_params,
    )
