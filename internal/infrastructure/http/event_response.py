"""Security events as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import msgspec
from litestar import Request

from internal.infrastructure.http.pagination import PageEnvelope, PageMeta, Pagination
from internal.ports.security_event_log import EventPage, RecordedEvent


class EventResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to whom, when, from where, and with which result."""

    id: int
    occurred_at: datetime
    name: str
    result: str
    actor_id: UUID | None
    subject_id: UUID | None
    address: str | None
    user_agent: str | None
    request_id: str | None
    details: Mapping[str, str]

    @classmethod
    def of(cls, event: RecordedEvent) -> Self:
        return cls(
            id=event.id,
            occurred_at=event.occurred_at,
            name=event.name,
            result=event.result,
            actor_id=event.actor_id,
            subject_id=event.subject_id,
            address=event.caller.address,
            user_agent=event.caller.user_agent,
            request_id=event.caller.request_id,
            details=event.details,
        )


def event_page_answer(
    request: Request[Any, Any, Any], page: EventPage, *, per_page: int
) -> PageEnvelope[EventResponse]:
    return PageEnvelope(
        message="Security events retrieved successfully",
        data=[EventResponse.of(event) for event in page.events],
        meta=PageMeta.of_page(request, Pagination(per_page=per_page, next_cursor=page.next)),
    )
