from typing import Any

from litestar import Controller, Request, get
from litestar.di import NamedDependency, Provide

from internal.application.auth.authenticate import Principal
from internal.application.users.list_own_security_events import (
    ListOwnSecurityEvents,
    ListOwnSecurityEventsCommand,
)
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.event_response import EventResponse, event_page_answer
from internal.infrastructure.http.openapi import BEARER, problems
from internal.infrastructure.http.page_request import PageRequest, provide_page_request
from internal.infrastructure.http.pagination import PageEnvelope


class OwnSecurityEventsController(Controller):
    path = "/api/v1/users/me/security-events"
    tags = ("users",)
    opt = access(SIGNED_IN)
    security = (BEARER,)

    @get(
        summary="What happened to your account, the newest first",
        dependencies={"page_request": Provide(provide_page_request)},
        responses=problems(401, 422, 503),
    )
    async def list_own_security_events(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        page_request: NamedDependency[PageRequest],
        list_own_security_events: NamedDependency[ListOwnSecurityEvents],
    ) -> PageEnvelope[EventResponse]:
        page = await list_own_security_events(
            ListOwnSecurityEventsCommand(
                user=principal.user, size=page_request.size, cursor=page_request.cursor
            )
        )
        return event_page_answer(request, page, per_page=page_request.size)
