from typing import Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from internal.application.admin.change_role import ChangeRole, ChangeRoleCommand
from internal.application.admin.disable_user import DisableUser, DisableUserCommand
from internal.application.admin.enable_user import EnableUser, EnableUserCommand
from internal.application.admin.revoke_sessions import RevokeSessions, RevokeSessionsCommand
from internal.application.admin.start_password_reset import (
    StartPasswordReset,
    StartPasswordResetCommand,
)
from internal.application.auth.authenticate import Principal
from internal.domain.caller import Caller
from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.admin.parameters import parse_user_id
from internal.infrastructure.http.admin.schemas import AdminUserResponse, ChangeRoleRequest, RevokedSessions
from internal.infrastructure.http.envelope import EmptyEnvelope, Envelope, Meta
from internal.infrastructure.http.openapi import BEARER, problems
from internal.infrastructure.http.path_ids import UserId


class AdminActionsController(Controller):
    """What administrators do to the account of a user."""

    path = "/api/v1/admin/users/{user_id:str}"
    tags = ("admin",)
    security = (BEARER,)
    opt = access(Permission.MANAGE_USERS)

    @post(
        "/activate",
        status_code=200,
        summary="Let a disabled user log in again",
        responses=problems(401, 403, 404, 503),
    )
    async def activate(
        self,
        request: Request[Any, Any, Any],
        user_id: UserId,
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        enable_user: NamedDependency[EnableUser],
    ) -> Envelope[AdminUserResponse]:
        user = await enable_user(
            EnableUserCommand(actor=principal.user, caller=caller, user_id=parse_user_id(user_id))
        )
        return Envelope(
            message="User activated successfully", data=AdminUserResponse.of(user), meta=Meta.of(request)
        )

    @post(
        "/deactivate",
        status_code=200,
        summary="End the sessions of a user, who cannot log in from then on",
        responses=problems(401, 403, 404, 409, 503),
    )
    async def deactivate(
        self,
        request: Request[Any, Any, Any],
        user_id: UserId,
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        disable_user: NamedDependency[DisableUser],
    ) -> Envelope[AdminUserResponse]:
        user = await disable_user(
            DisableUserCommand(actor=principal.user, caller=caller, user_id=parse_user_id(user_id))
        )
        return Envelope(
            message="User deactivated successfully", data=AdminUserResponse.of(user), meta=Meta.of(request)
        )

    @post(
        "/role",
        status_code=200,
        summary="Give a user another role",
        responses=problems(400, 401, 403, 404, 408, 409, 413, 415, 422, 503),
    )
    async def change_role(
        self,
        request: Request[Any, Any, Any],
        user_id: UserId,
        data: JSONBody[ChangeRoleRequest],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        change_role: NamedDependency[ChangeRole],
    ) -> Envelope[AdminUserResponse]:
        user = await change_role(
            ChangeRoleCommand(
                actor=principal.user, caller=caller, user_id=parse_user_id(user_id), role=data.role
            )
        )
        return Envelope(
            message="Role changed successfully", data=AdminUserResponse.of(user), meta=Meta.of(request)
        )

    @post(
        "/sessions/revoke",
        status_code=200,
        summary="End all sessions of a user, who may log in again",
        responses=problems(401, 403, 404, 503),
    )
    async def revoke_sessions(
        self,
        request: Request[Any, Any, Any],
        user_id: UserId,
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        revoke_sessions: NamedDependency[RevokeSessions],
    ) -> Envelope[RevokedSessions]:
        revoked = await revoke_sessions(
            RevokeSessionsCommand(actor=principal.user, caller=caller, user_id=parse_user_id(user_id))
        )
        return Envelope(
            message="Sessions revoked successfully", data=RevokedSessions(revoked), meta=Meta.of(request)
        )

    @post(
        "/password-reset",
        status_code=202,
        summary="Send a user the email for a new password",
        responses=problems(401, 403, 404, 409, 503),
    )
    async def start_password_reset(
        self,
        request: Request[Any, Any, Any],
        user_id: UserId,
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        start_password_reset: NamedDependency[StartPasswordReset],
    ) -> EmptyEnvelope:
        await start_password_reset(
            StartPasswordResetCommand(actor=principal.user, caller=caller, user_id=parse_user_id(user_id))
        )
        return EmptyEnvelope(message="Password reset started", meta=Meta.of(request))
