from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from internal.application.admin.list_security_events import ListSecurityEvents, ListSecurityEventsCommand
from internal.application.auth.authenticate import Principal
from internal.domain.errors import InvalidInput
from internal.domain.role import Permission
from internal.domain.security_event import EventName, Result
from internal.infrastructure.http.access import access
from internal.infrastructure.http.event_response import EventResponse, event_page_answer
from internal.infrastructure.http.openapi import BEARER, problems
from internal.infrastructure.http.page_request import (
    PageRequest,
    provide_page_request,
    require_values,
)
from internal.infrastructure.http.pagination import PageEnvelope
from internal.ports.security_event_log import EventFilter

_Name = Annotated[EventName | None, QueryParameter(name="name", description="Only events of this kind")]
_Result = Annotated[Result | None, QueryParameter(name="result", description="Only events with this result")]
_Actor = Annotated[UUID | None, QueryParameter(name="actor", description="Only what this user did")]
_Subject = Annotated[
    UUID | None, QueryParameter(name="subject", description="Only what happened to this account")
]
# Litestar's errors would name the variables, not these names.
_DATE_TIME = {"format": "date-time"}
_From = Annotated[
    str | None,
    QueryParameter(name="from", description="The earliest time, inclusive", schema_extra=_DATE_TIME),
]
_To = Annotated[
    str | None, QueryParameter(name="to", description="The latest time, exclusive", schema_extra=_DATE_TIME)
]


async def provide_event_filter(
    request: Request[Any, Any, Any],
    name: _Name = None,
    result: _Result = None,
    actor: _Actor = None,
    subject: _Subject = None,
    since: _From = None,
    until: _To = None,
) -> EventFilter:
    require_values(request, name=name, result=result, actor=actor, subject=subject)
    return EventFilter(
        name=name,
        result=result,
        actor_id=actor,
        subject_id=subject,
        since=_parse_time("from", since),
        until=_parse_time("to", until),
    )


def _parse_time(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return msgspec.convert(text, datetime)
    except msgspec.ValidationError as error:
        raise InvalidInput({name: ["is invalid"]}) from error


class SecurityEventsController(Controller):
    path = "/api/v1/admin/security-events"
    tags = ("admin",)
    opt = access(Permission.VIEW_SECURITY_EVENTS)
    security = (BEARER,)

    @get(
        summary="What happened to all accounts, the newest first",
        dependencies={
            "page_request": Provide(provide_page_request),
            "event_filter": Provide(provide_event_filter),
        },
        responses=problems(401, 403, 422, 503),
    )
    async def list_security_events(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        page_request: NamedDependency[PageRequest],
        event_filter: NamedDependency[EventFilter],
        list_security_events: NamedDependency[ListSecurityEvents],
    ) -> PageEnvelope[EventResponse]:
        page = await list_security_events(
            ListSecurityEventsCommand(
                actor=principal.user, wanted=event_filter, size=page_request.size, cursor=page_request.cursor
            )
        )
        return event_page_answer(request, page, per_page=page_request.size)
