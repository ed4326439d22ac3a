from typing import Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.di import NamedDependency

from internal.application.users.get_user import GetUser, GetUserQuery
from internal.domain.user import UserNotFound
from internal.infrastructure.http.envelope import Envelope, Meta
from internal.infrastructure.http.openapi import BEARER, problems
from internal.infrastructure.http.users.schemas import UserResponse
from internal.ports.token_issuer import InvalidToken


class UsersController(Controller):
    path = "/api/v1/users"
    tags = ("users",)

    @get("/me", summary="The user that the token belongs to", security=[BEARER], responses=problems(401))
    async def me(
        self,
        request: Request[Any, Any, Any],
        current_user_id: NamedDependency[UUID],
        get_user: NamedDependency[GetUser],
    ) -> Envelope[UserResponse]:
        try:
            user = await get_user(GetUserQuery(user_id=current_user_id))
        except UserNotFound as error:  # a token outlives its user: it is not valid any more
            raise InvalidToken from error
        return Envelope(
            message="User retrieved successfully", data=UserResponse.of(user), meta=Meta.of(request)
        )
