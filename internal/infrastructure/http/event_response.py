"""Security events as JSON, and the parameters of their lists."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from litestar import Request
from litestar.params import QueryParameter

from internal.infrastructure.http.envelope import Meta
from internal.infrastructure.http.pagination import PageEnvelope, PageMeta, Pagination
from internal.ports.security_event_log import EventPage, RecordedEvent

Limit = Annotated[int, QueryParameter(name="limit", description="Events on a page, 1 to 100")]
Cursor = Annotated[
    str | None, QueryParameter(name="cursor", description="The `next_cursor` of the page before")
]


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
    meta = Meta.of(request)
    return PageEnvelope(
        message="Security events retrieved successfully",
        data=[EventResponse.of(event) for event in page.events],
        meta=PageMeta(
            request_id=meta.request_id,
            timestamp=meta.timestamp,
            pagination=Pagination(per_page=per_page, next_cursor=page.next),
        ),
    )
