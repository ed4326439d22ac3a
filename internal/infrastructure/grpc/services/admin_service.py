# ruff: noqa: N802 - the methods have the names of admin.proto
from collections.abc import Callable
from typing import TypedDict
from uuid import UUID

from internal.application.admin.change_role import ChangeRole, ChangeRoleCommand
from internal.application.admin.disable_user import DisableUser, DisableUserCommand
from internal.application.admin.enable_user import EnableUser, EnableUserCommand
from internal.application.admin.list_security_events import ListSecurityEvents, ListSecurityEventsCommand
from internal.application.admin.revoke_sessions import RevokeSessions, RevokeSessionsCommand
from internal.application.admin.start_password_reset import (
    StartPasswordReset,
    StartPasswordResetCommand,
)
from internal.domain.caller import Caller
from internal.domain.errors import InvalidInput
from internal.domain.user import User, UserNotFound
from internal.infrastructure.grpc.current_call import current_caller, current_principal
from internal.infrastructure.grpc.enums import chosen
from internal.infrastructure.grpc.event_messages import USUAL_LIMIT, event_filter, event_message
from internal.infrastructure.grpc.generated.admin.v1 import admin_pb2
from internal.infrastructure.grpc.generated.admin.v1.admin_pb2_grpc import AdminServiceServicer
from internal.infrastructure.grpc.metadata import ServicerContext
from internal.infrastructure.grpc.user_messages import ROLES, user_message
from internal.infrastructure.inbound.ids import parse_id


class AdminService(AdminServiceServicer):
    def __init__(
        self,
        *,
        enable_user: Callable[[], EnableUser],
        disable_user: Callable[[], DisableUser],
        change_role: Callable[[], ChangeRole],
        revoke_sessions: Callable[[], RevokeSessions],
        start_password_reset: Callable[[], StartPasswordReset],
        list_security_events: Callable[[], ListSecurityEvents],
    ) -> None:
        self._enable_user = enable_user
        self._disable_user = disable_user
        self._change_role = change_role
        self._revoke_sessions = revoke_sessions
        self._start_password_reset = start_password_reset
        self._list_security_events = list_security_events

    async def ActivateUser(
        self, request: admin_pb2.ActivateUserRequest, _: ServicerContext
    ) -> admin_pb2.ActivateUserResponse:
        user = await self._enable_user()(EnableUserCommand(**_action_on(request.id)))
        return admin_pb2.ActivateUserResponse(user=user_message(user))

    async def DeactivateUser(
        self, request: admin_pb2.DeactivateUserRequest, _: ServicerContext
    ) -> admin_pb2.DeactivateUserResponse:
        user = await self._disable_user()(DisableUserCommand(**_action_on(request.id)))
        return admin_pb2.DeactivateUserResponse(user=user_message(user))

    async def ChangeRole(
        self, request: admin_pb2.ChangeRoleRequest, _: ServicerContext
    ) -> admin_pb2.ChangeRoleResponse:
        role = chosen("role", request.role, ROLES)
        if role is None:
            raise InvalidInput({"role": ["is required"]})
        user = await self._change_role()(ChangeRoleCommand(**_action_on(request.id), role=role))
        return admin_pb2.ChangeRoleResponse(user=user_message(user))

    async def RevokeSessions(
        self, request: admin_pb2.RevokeSessionsRequest, _: ServicerContext
    ) -> admin_pb2.RevokeSessionsResponse:
        revoked = await self._revoke_sessions()(RevokeSessionsCommand(**_action_on(request.id)))
        return admin_pb2.RevokeSessionsResponse(revoked=revoked)

    async def StartPasswordReset(
        self, request: admin_pb2.StartPasswordResetRequest, _: ServicerContext
    ) -> admin_pb2.StartPasswordResetResponse:
        await self._start_password_reset()(StartPasswordResetCommand(**_action_on(request.id)))
        return admin_pb2.StartPasswordResetResponse()

    async def ListSecurityEvents(
        self, request: admin_pb2.ListSecurityEventsRequest, _: ServicerContext
    ) -> admin_pb2.ListSecurityEventsResponse:
        page = await self._list_security_events()(
            ListSecurityEventsCommand(
                actor=current_principal().user,
                wanted=event_filter(request),
                size=request.limit or USUAL_LIMIT,
                cursor=request.cursor or None,
            )
        )
        return admin_pb2.ListSecurityEventsResponse(
            events=map(event_message, page.events), next_cursor=page.next or ""
        )


class _Action(TypedDict):
    """The fields of AdministerUserCommand."""

    actor: User
    caller: Caller
    user_id: UUID


def _action_on(user_id: str) -> _Action:
    """Raises UserNotFound."""
    return _Action(
        actor=current_principal().user, caller=current_caller(), user_id=parse_id(user_id, UserNotFound)
    )
