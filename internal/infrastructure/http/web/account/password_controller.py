from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from internal.application.auth.authenticate import Principal
from internal.application.users.change_password import ChangePassword, ChangePasswordCommand
from internal.domain.caller import Caller
from internal.domain.user import User
from internal.infrastructure.http.access import SIGNED_IN, access
from internal.infrastructure.http.web.form import REFUSALS, Form, Refusal
from internal.infrastructure.http.web.page import form_page, see_other

AnyRequest = Request[Any, Any, Any]


class PasswordForm(Form, frozen=True, kw_only=True):
    current_password: str = ""
    new_password: str = ""


class PasswordController(Controller):
    path = "/account/password"
    opt = access(SIGNED_IN)

    @get(sync_to_thread=False)
    def page(self, request: AnyRequest, principal: NamedDependency[Principal]) -> Response[Any]:
        return _page(request, principal.user)

    @post()
    async def change(
        self,
        request: AnyRequest,
        data: URLEncodedBody[PasswordForm],
        principal: NamedDependency[Principal],
        caller: NamedDependency[Caller],
        change_password: NamedDependency[ChangePassword],
    ) -> Response[Any]:
        """Change the password. The session of this browser goes on; all others end."""
        command = ChangePasswordCommand(
            principal=principal,
            current_password=data.current_password,
            new_password=data.new_password,
            caller=caller,
        )
        try:
            await change_password(command)
        except REFUSALS as error:
            refusal = Refusal.of(error, password_field="current_password")  # noqa: S106 - the name of a field
            return _page(request, principal.user, refusal)
        return see_other("/account?notice=password-changed")


def _page(request: AnyRequest, user: User, refusal: Refusal | None = None) -> Response[Any]:
    return form_page(request, "account/password.html", refusal=refusal, user=user)
