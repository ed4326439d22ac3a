from typing import Any

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from internal.application.auth.log_in import LogIn, LogInCommand
from internal.application.auth.register_user import RegisterUser, RegisterUserCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.auth.idempotency_key import IdempotencyKey, parse_idempotency_key
from internal.infrastructure.http.auth.schemas import AuthenticatedUser, LogInRequest, RegisterRequest
from internal.infrastructure.http.auth.session_answer import session_answer
from internal.infrastructure.http.auth.session_mode import SessionMode, wants_cookies
from internal.infrastructure.http.envelope import Envelope
from internal.infrastructure.http.json_request import Unreadable
from internal.infrastructure.http.openapi import problems
from internal.infrastructure.http.session_cookies import SessionCookies


class AuthController(Controller):
    path = "/api/v1/auth"
    tags = ("auth",)

    @post(
        "/register",
        opt=access(ANYONE),
        summary="Sign up",
        responses=problems(400, 401, 408, 409, 413, 415, 422, 429, 503),
    )
    async def register(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[RegisterRequest],
        unreadable: NamedDependency[Unreadable],
        caller: NamedDependency[Caller],
        register_user: NamedDependency[RegisterUser],
        session_cookies: NamedDependency[SessionCookies],
        idempotency_key: IdempotencyKey = None,
        session_mode: SessionMode = None,
    ) -> Response[Envelope[AuthenticatedUser]]:
        cookies = session_cookies if wants_cookies(session_mode) else None
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
        answer = session_answer(
            request,
            registered.user,
            registered.tokens,
            message="User registered successfully",
            cookies=cookies,
        )
        answer.set_header("Location", "/api/v1/users/me")
        return answer

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
        session_cookies: NamedDependency[SessionCookies],
        session_mode: SessionMode = None,
    ) -> Response[Envelope[AuthenticatedUser]]:
        cookies = session_cookies if wants_cookies(session_mode) else None
        logged_in = await log_in(LogInCommand(email=data.email, password=data.password, caller=caller))
        return session_answer(
            request,
            logged_in.user,
            logged_in.tokens,
            message="Login successful",
            cookies=cookies,
        )
