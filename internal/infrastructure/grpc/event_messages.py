"""Security events as messages."""

from collections.abc import Mapping
from typing import TypeVar
from uuid import UUID

from internal.domain.errors import InvalidInput
from internal.domain.security_event import EventName, Result
from internal.infrastructure.grpc.enums import chosen
from internal.infrastructure.grpc.generated.account.v1 import security_event_pb2
from internal.infrastructure.grpc.generated.admin.v1.admin_pb2 import ListSecurityEventsRequest
from internal.infrastructure.grpc.timestamps import parse_timestamp, timestamp
from internal.ports.security_event_log import EventFilter, RecordedEvent

USUAL_LIMIT = 10
RESULTS: Mapping[Result, security_event_pb2.EventResult.ValueType] = {
    Result.SUCCESS: security_event_pb2.EVENT_RESULT_SUCCESS,
    Result.FAILURE: security_event_pb2.EVENT_RESULT_FAILURE,
}

ValueT = TypeVar("ValueT", EventName, UUID)


def event_message(event: RecordedEvent) -> security_event_pb2.SecurityEvent:
    return security_event_pb2.SecurityEvent(
        id=event.id,
        occurred_at=timestamp(event.occurred_at),
        name=event.name,
        result=RESULTS[event.result],
        actor_id=str(event.actor_id or ""),
        subject_id=str(event.subject_id or ""),
        address=event.caller.address or "",
        user_agent=event.caller.user_agent or "",
        request_id=event.caller.request_id or "",
        details=event.details,
    )


def event_filter(request: ListSecurityEventsRequest) -> EventFilter:
    """Which events an administrator asks for. Raises InvalidInput."""
    return EventFilter(
        name=_parsed("name", request.name, EventName),
        result=chosen("result", request.result, RESULTS),
        actor_id=_parsed("actor", request.actor, UUID),
        subject_id=_parsed("subject", request.subject, UUID),
        since=parse_timestamp("since", request.since) if request.HasField("since") else None,
        until=parse_timestamp("until", request.until) if request.HasField("until") else None,
    )


def _parsed(field: str, text: str, kind: type[ValueT]) -> ValueT | None:
    try:
        return kind(text) if text else None
    except ValueError as error:
        raise InvalidInput({field: ["is invalid"]}) from error
