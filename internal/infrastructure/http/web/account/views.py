"""Sessions and security events as the pages of the account show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from internal.domain.security_event import Result
from internal.domain.session import Session
from internal.infrastructure.http.web.account.device_name import device_name
from internal.infrastructure.http.web.account.event_text import event_text
from internal.ports.security_event_log import RecordedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    id: UUID
    device: str
    address: str | None
    is_current: bool
    created_at: datetime
    last_used_at: datetime

    @classmethod
    def of(cls, session: Session, *, current_id: UUID | None) -> Self:
        return cls(
            id=session.id,
            device=device_name(session.user_agent),
            address=session.address,
            is_current=session.id == current_id,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """`device` is None if nobody may know it."""

    text: str
    is_failure: bool
    device: str | None
    address: str | None
    occurred_at: datetime

    @classmethod
    def of(cls, event: RecordedEvent) -> Self:
        user_agent = event.caller.user_agent
        return cls(
            text=event_text(event),
            is_failure=event.result is Result.FAILURE,
            device=device_name(user_agent) if user_agent else None,
            address=event.caller.address,
            occurred_at=event.occurred_at,
        )


def session_views(sessions: Sequence[Session], *, current_id: UUID | None) -> list[SessionView]:
    """The sessions in their order, but that of this browser first."""
    views = [SessionView.of(each, current_id=current_id) for each in sessions]
    return sorted(views, key=lambda view: not view.is_current)
