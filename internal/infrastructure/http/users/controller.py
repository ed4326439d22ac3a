from typing import Any

from litestar import Controller, Request, get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody

from internal.application.auth.authenticate import Principal
from internal.application.users.change_name import ChangeName, ChangeNameCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.envelope import Envelope, Meta
from internal.infrastructure.http.openapi import BEARER, problems
from internal.infrastructure.http.users.schemas import ChangeNameRequest, UserResponse


class UsersController(Controller):
    path = "/api/v1/users"
    tags = ("users",)

    @get(
        "/me",
        summary="The user of the token",
        opt=access(SIGNED_IN),
        security=[BEARER],
        responses=problems(401, 503),
    )
    async def me(
        self, request: Request[Any, Any, Any], principal: NamedDependency[Principal]
    ) -> Envelope[UserResponse]:
        return Envelope(
            message="User retrieved successfully", data=UserResponse.of(principal.user), meta=Meta.of(request)
        )

    @patch(
        "/me",
        summary="Change your name",
        opt=access(SIGNED_IN),
        security=[BEARER],
        responses=problems(400, 401, 403, 408, 409, 413, 415, 422, 503),
    )
    async def rename(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[ChangeNameRequest],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        change_name: NamedDependency[ChangeName],
    ) -> Envelope[UserResponse]:
        user = await change_name(ChangeNameCommand(principal=principal, name=data.name, caller=caller))
        return Envelope(
            message="User updated successfully", data=UserResponse.of(user), meta=Meta.of(request)
        )
