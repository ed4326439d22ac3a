from typing import Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from internal.application.auth.log_in import LogIn, LogInCommand
from internal.application.auth.register_user import RegisterUser, RegisterUserCommand
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.auth.idempotency_key import IdempotencyKey, parse_idempotency_key
from internal.infrastructure.http.auth.schemas import AuthenticatedUser, LogInRequest, RegisterRequest
from internal.infrastructure.http.envelope import Envelope, Meta
from internal.infrastructure.http.json_request import Unreadable
from internal.infrastructure.http.openapi import problems
from internal.infrastructure.http.users.schemas import UserResponse


class AuthController(Controller):
    path = "/api/v1/auth"
    tags = ("auth",)

    @post(
        "/register",
        opt=access(ANYONE),
        summary="Sign up",
        responses=problems(400, 408, 409, 413, 415, 422, 503),
    )
    async def register(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[RegisterRequest],
        unreadable: NamedDependency[Unreadable],
        register_user: NamedDependency[RegisterUser],
        idempotency_key: IdempotencyKey = None,
    ) -> Envelope[AuthenticatedUser]:
        registered = await register_user(
            RegisterUserCommand(
                email=data.email,
                name=data.name,
                password=data.password,
                unreadable=unreadable,
                idempotency_key=parse_idempotency_key(request, idempotency_key),
            )
        )
        return Envelope(
            message="User registered successfully",
            data=AuthenticatedUser(token=registered.token, user=UserResponse.of(registered.user)),
            meta=Meta.of(request),
        )

    @post(
        "/login",
        opt=access(ANYONE),
        status_code=200,
        summary="Log in",
        responses=problems(400, 401, 408, 413, 415, 422, 503),
    )
    async def log_in(
        self, request: Request[Any, Any, Any], data: JSONBody[LogInRequest], log_in: NamedDependency[LogIn]
    ) -> Envelope[AuthenticatedUser]:
        logged_in = await log_in(LogInCommand(email=data.email, password=data.password))
        return Envelope(
            message="Login successful",
            data=AuthenticatedUser(token=logged_in.token, user=UserResponse.of(logged_in.user)),
            meta=Meta.of(request),
        )
