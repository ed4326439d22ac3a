from typing import Any

from litestar import Controller, Request, get
from litestar.di import NamedDependency

from internal.application.auth.authenticate import Principal
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.envelope import Envelope, Meta
from internal.infrastructure.http.openapi import BEARER, problems
from internal.infrastructure.http.users.schemas import UserResponse


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
