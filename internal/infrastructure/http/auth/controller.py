from typing import Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from internal.application.auth.log_in import LogIn, LogInCommand
from internal.application.auth.register_user import RegisterUser, RegisterUserCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.auth.idempotency_key import IdempotencyKey, parse_idempotency_key
from internal.infrastructure.http.auth.schemas import AuthenticatedUser, LogInRequest, RegisterRequest
from internal.infrastructure.http.envelope import Envelope, Meta
from internal.infrastructure.http.json_request import Unreadable
from internal.infrastructure.http.openapi import problems


class AuthController(Controller):
    path = "/api/v1/auth"
    tags = ("auth",)

    @post(
        "/register",
        opt=access(ANYONE),
        summary="Sign up",
        responses=problems(400, 408, 409, 413, 415, 422, 429, 503),
    )
    async def register(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[RegisterRequest],
        unreadable: NamedDependency[Unreadable],
        caller: NamedDependency[Caller],
        register_user: NamedDependency[RegisterUser],
        idempotency_key: IdempotencyKey = None,
    ) -> Envelope[AuthenticatedUser]:
        registered = await register_user(
            RegisterUserCommand(
                email=data.email,
                name=data.name,
                password=data.password,
                caller=caller,
                unreadable=unreadable,
                idempotency_key=parse_idempotency_key(request, idempotency_key),
            )
        )
        return Envelope(
            message="User registered successfully",
            data=AuthenticatedUser.of(registered.user, registered.tokens),
            meta=Meta.of(request),
        )

    @post(
        "/login",
        opt=access(ANYONE),
        status_code=200,
        summary="Log in",
        responses=problems(400, 401, 403, 408, 413, 415, 422, 429, 503),
    )
    async def log_in(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[LogInRequest],
        caller: NamedDependency[Caller],
        log_in: NamedDependency[LogIn],
    ) -> Envelope[AuthenticatedUser]:
        logged_in = await log_in(LogInCommand(email=data.email, password=data.password, caller=caller))
        return Envelope(
            message="Login successful",
            data=AuthenticatedUser.of(logged_in.user, logged_in.tokens),
            meta=Meta.of(request),
        )
