from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.register_user import RegisterUser, RegisterUserCommand
from internal.domain.caller import Caller
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.session_cookies import SessionCookies
from internal.infrastructure.http.web.form import REFUSALS, Form, Refusal
from internal.infrastructure.http.web.page import form_page, see_other

AnyRequest = Request[Any, Any, Any]


class SignUpForm(Form, frozen=True, kw_only=True):
    """`key` lets a form that is sent twice sign up once."""

    email: str = ""
    name: str = ""
    password: str = ""
    key: str = ""


class SignUpController(Controller):
    path = "/sign-up"
    opt = access(ANYONE)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest) -> Response[Any]:
        return _page(request, SignUpForm())

    @post()
    async def sign_up(
        self,
        request: AnyRequest,
        data: URLEncodedBody[SignUpForm],
        caller: NamedDependency[Caller],
        register_user: NamedDependency[RegisterUser],
        session_cookies: NamedDependency[SessionCookies],
    ) -> Response[Any]:
        command = RegisterUserCommand(
            email=data.email,
            name=data.name,
            password=data.password,
            caller=caller,
            idempotency_key=_key(data.key),
        )
        try:
            registered = await register_user(command)
        except REFUSALS as error:
            return _page(request, data, Refusal.of(error))
        return see_other("/account?notice=welcome", cookies=session_cookies.of(registered.tokens))


def _page(request: AnyRequest, typed: SignUpForm, refusal: Refusal | None = None) -> Response[Any]:
    return form_page(request, "sign-up.html", refusal=refusal, typed=typed, key=str(uuid4()))


def _key(text: str) -> str | None:
    with suppress(ValueError):
        return str(UUID(text))
    return None
