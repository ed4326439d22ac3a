# ruff: noqa: N802 - the methods have the names of session.proto
from collections.abc import Callable

from internal.application.auth.log_out import LogOut, LogOutCommand
from internal.application.auth.refresh_session import RefreshSession, RefreshSessionCommand
from internal.application.page_sizes import LARGEST_PAGE
from internal.application.users.end_all_sessions import EndAllSessions, EndAllSessionsCommand
from internal.application.users.end_session import EndSession, EndSessionCommand, SessionNotFound
from internal.application.users.list_sessions import ListSessions, ListSessionsCommand
from internal.infrastructure.grpc.current_call import current_caller, current_principal
from internal.infrastructure.grpc.generated.account.v1 import session_pb2
from internal.infrastructure.grpc.generated.account.v1.session_pb2_grpc import SessionServiceServicer
from internal.infrastructure.grpc.metadata import ServicerContext
from internal.infrastructure.grpc.session_messages import session_message
from internal.infrastructure.grpc.user_messages import login_message
from internal.infrastructure.inbound.ids import parse_id


class SessionService(SessionServiceServicer):
    def __init__(
        self,
        *,
        refresh_session: Callable[[], RefreshSession],
        log_out: Callable[[], LogOut],
        list_sessions: Callable[[], ListSessions],
        end_session: Callable[[], EndSession],
        end_all_sessions: Callable[[], EndAllSessions],
    ) -> None:
        self._refresh_session = refresh_session
        self._log_out = log_out
        self._list_sessions = list_sessions
        self._end_session = end_session
        self._end_all_sessions = end_all_sessions

    async def RefreshSession(
        self, request: session_pb2.RefreshSessionRequest, _: ServicerContext
    ) -> session_pb2.RefreshSessionResponse:
        refreshed = await self._refresh_session()(
            RefreshSessionCommand(refresh_token=request.refresh_token, caller=current_caller())
        )
        return session_pb2.RefreshSessionResponse(login=login_message(refreshed.user, refreshed.tokens))

    async def LogOut(
        self, request: session_pb2.LogOutRequest, _: ServicerContext
    ) -> session_pb2.LogOutResponse:
        await self._log_out()(LogOutCommand(refresh_token=request.refresh_token, caller=current_caller()))
        return session_pb2.LogOutResponse()

    async def ListSessions(
        self, request: session_pb2.ListSessionsRequest, _: ServicerContext
    ) -> session_pb2.ListSessionsResponse:
        principal = current_principal()
        page = await self._list_sessions()(
            ListSessionsCommand(
                user=principal.user, size=request.limit or LARGEST_PAGE, cursor=request.cursor or None
            )
        )
        return session_pb2.ListSessionsResponse(
            sessions=[session_message(each, current_id=principal.session_id) for each in page.sessions],
            next_cursor=page.next or "",
        )

    async def EndSession(
        self, request: session_pb2.EndSessionRequest, _: ServicerContext
    ) -> session_pb2.EndSessionResponse:
        session_id = parse_id(request.id, SessionNotFound)
        await self._end_session()(
            EndSessionCommand(user=current_principal().user, session_id=session_id, caller=current_caller())
        )
        return session_pb2.EndSessionResponse()

    async def EndAllSessions(
        self, _request: session_pb2.EndAllSessionsRequest, _: ServicerContext
    ) -> session_pb2.EndAllSessionsResponse:
        await self._end_all_sessions()(
            EndAllSessionsCommand(user=current_principal().user, caller=current_caller())
        )
        return session_pb2.EndAllSessionsResponse()
