from datetime import datetime
from typing import Any, Self
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get
from litestar.di import NamedDependency, Provide

from internal.application.auth.authenticate import Principal
from internal.application.users.end_all_sessions import EndAllSessions, EndAllSessionsCommand
from internal.application.users.end_session import EndSession, EndSessionCommand, SessionNotFound
from internal.application.users.list_sessions import ListSessions, ListSessionsCommand
from internal.domain.caller import Caller
from internal.domain.session import Session
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.envelope import EmptyEnvelope, Meta
from internal.infrastructure.http.openapi import BEARER, problems
from internal.infrastructure.http.page_request import PageRequest, provide_large_page_request
from internal.infrastructure.http.pagination import PageEnvelope, PageMeta, Pagination
from internal.infrastructure.http.path_ids import SessionId
from internal.infrastructure.inbound.ids import parse_id


class SessionResponse(msgspec.Struct, frozen=True):
    """`current` is the session of this request."""

    id: UUID
    current: bool
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    address: str | None
    user_agent: str | None

    @classmethod
    def of(cls, session: Session, *, current_id: UUID | None) -> Self:
        return cls(
            id=session.id,
            current=session.id == current_id,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
            expires_at=session.expires_at,
            address=session.address,
            user_agent=session.user_agent,
        )


class SessionsController(Controller):
    path = "/api/v1/users/me/sessions"
    tags = ("users",)
    opt = access(SIGNED_IN)
    security = (BEARER,)

    @get(
        summary="The user's sessions, the most recently used first",
        dependencies={"page_request": Provide(provide_large_page_request)},
        responses=problems(401, 422, 503),
    )
    async def list_sessions(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        page_request: NamedDependency[PageRequest],
        list_sessions: NamedDependency[ListSessions],
    ) -> PageEnvelope[SessionResponse]:
        page = await list_sessions(
            ListSessionsCommand(user=principal.user, size=page_request.size, cursor=page_request.cursor)
        )
        pagination = Pagination(per_page=page_request.size, next_cursor=page.next)
        return PageEnvelope(
            message="Sessions retrieved successfully",
            data=[SessionResponse.of(each, current_id=principal.session_id) for each in page.sessions],
            meta=PageMeta.of_page(request, pagination),
        )

    @delete(
        "/{session_id:str}",
        status_code=200,
        summary="End one session",
        responses=problems(401, 403, 404, 503),
    )
    async def end_session(
        self,
        request: Request[Any, Any, Any],
        session_id: SessionId,
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        end_session: NamedDependency[EndSession],
    ) -> EmptyEnvelope:
        parsed_id = parse_id(session_id, SessionNotFound)
        await end_session(EndSessionCommand(user=principal.user, session_id=parsed_id, caller=caller))
        return EmptyEnvelope(message="Session ended successfully", meta=Meta.of(request))

    @delete(status_code=200, summary="End all sessions, this one too", responses=problems(401, 403, 503))
    async def end_all_sessions(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        end_all_sessions: NamedDependency[EndAllSessions],
    ) -> EmptyEnvelope:
        await end_all_sessions(EndAllSessionsCommand(user=principal.user, caller=caller))
        return EmptyEnvelope(message="All sessions ended successfully", meta=Meta.of(request))
