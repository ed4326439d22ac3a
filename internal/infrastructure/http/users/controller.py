from typing import Any

from litestar import Controller, Request, Response, delete, get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody

from internal.application.auth.authenticate import Principal
from internal.application.users.change_name import ChangeName, ChangeNameCommand
from internal.application.users.delete_account import DeleteAccount, DeleteAccountCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.envelope import EmptyEnvelope, Envelope, Meta
from internal.infrastructure.http.openapi import BEARER, problems
from internal.infrastructure.http.session_cookies import SessionCookies
from internal.infrastructure.http.users.schemas import ChangeNameRequest, DeleteAccountRequest, UserResponse


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
        responses=problems(400, 401, 403, 408, 409, 413, 415, 422, 429, 503),
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

    @delete(
        "/me",
        status_code=200,
        summary="Delete your account",
        opt=access(SIGNED_IN),
        security=[BEARER],
        responses=problems(400, 401, 403, 408, 409, 413, 415, 422, 429, 503),
    )
    async def remove(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[DeleteAccountRequest],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        delete_account: NamedDependency[DeleteAccount],
        session_cookies: NamedDependency[SessionCookies],
    ) -> Response[EmptyEnvelope]:
        await delete_account(DeleteAccountCommand(principal=principal, password=data.password, caller=caller))
        return Response(
            EmptyEnvelope(message="Account deleted successfully", meta=Meta.of(request)),
            cookies=session_cookies.expired() if session_cookies.access_token(request) else [],
        )
