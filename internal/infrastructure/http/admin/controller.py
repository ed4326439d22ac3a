from typing import Any

from litestar import Controller, Request, delete, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, SkipValidation

from internal.application.admin.list_users import ListUsers, ListUsersCommand
from internal.application.admin.remove_user import RemoveUser, RemoveUserCommand
from internal.application.admin.rename_user import RenameUser, RenameUserCommand
from internal.application.admin.view_user import ViewUser, ViewUserCommand
from internal.application.auth.authenticate import Principal
from internal.domain.caller import Caller
from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.admin.parameters import parse_user_id, provide_list_users_command
from internal.infrastructure.http.admin.schemas import AdminUserResponse, RenameUserRequest, pagination_of
from internal.infrastructure.http.envelope import EmptyEnvelope, Envelope, Meta
from internal.infrastructure.http.openapi import BEARER, problems
from internal.infrastructure.http.page_request import provide_page_request
from internal.infrastructure.http.pagination import PageEnvelope, PageMeta
from internal.infrastructure.http.path_ids import UserId


class AdminUsersController(Controller):
    path = "/api/v1/admin/users"
    tags = ("admin",)
    security = (BEARER,)

    @get(
        summary="List the users, page by page",
        opt=access(Permission.VIEW_USERS),
        dependencies={
            "page_request": Provide(provide_page_request),
            "list_users_command": Provide(provide_list_users_command),
        },
        responses=problems(401, 403, 422, 503),
    )
    async def list_users(
        self,
        request: Request[Any, Any, Any],
        # Litestar cannot validate a union of two dataclasses, which is the type of the actor.
        list_users_command: SkipValidation[NamedDependency[ListUsersCommand]],
        list_users: NamedDependency[ListUsers],
    ) -> PageEnvelope[AdminUserResponse]:
        listed = await list_users(list_users_command)
        return PageEnvelope(
            message="Users retrieved successfully",
            data=[AdminUserResponse.of(user) for user in listed.users],
            meta=PageMeta.of_page(request, pagination_of(listed, per_page=list_users_command.per_page)),
        )

    @get(
        "/{user_id:str}",
        summary="One user",
        opt=access(Permission.VIEW_USERS),
        responses=problems(401, 403, 404, 503),
    )
    async def view(
        self,
        request: Request[Any, Any, Any],
        user_id: UserId,
        principal: NamedDependency[Principal],
        view_user: NamedDependency[ViewUser],
    ) -> Envelope[AdminUserResponse]:
        user = await view_user(ViewUserCommand(actor=principal.user, user=parse_user_id(user_id)))
        return Envelope(
            message="User retrieved successfully", data=AdminUserResponse.of(user), meta=Meta.of(request)
        )

    @put(
        "/{user_id:str}",
        summary="Change the name of a user",
        opt=access(Permission.MANAGE_USERS),
        responses=problems(400, 401, 403, 404, 408, 413, 415, 422, 503),
    )
    async def rename(
        self,
        request: Request[Any, Any, Any],
        user_id: UserId,
        data: JSONBody[RenameUserRequest],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        rename_user: NamedDependency[RenameUser],
    ) -> Envelope[AdminUserResponse]:
        user = await rename_user(
            RenameUserCommand(
                actor=principal.user, caller=caller, user_id=parse_user_id(user_id), name=data.name
            )
        )
        return Envelope(
            message="User updated successfully", data=AdminUserResponse.of(user), meta=Meta.of(request)
        )

    @delete(
        "/{user_id:str}",
        status_code=200,
        summary="Delete a user with everything that belongs to the account",
        opt=access(Permission.MANAGE_USERS),
        responses=problems(401, 403, 404, 409, 503),
    )
    async def remove(
        self,
        request: Request[Any, Any, Any],
        user_id: UserId,
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        remove_user: NamedDependency[RemoveUser],
    ) -> EmptyEnvelope:
        await remove_user(
            RemoveUserCommand(actor=principal.user, caller=caller, user_id=parse_user_id(user_id))
        )
        return EmptyEnvelope(message="User deleted successfully", meta=Meta.of(request))
