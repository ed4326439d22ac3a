"""The password grant of OAuth 2, for tools that know no other log-in, such as an API page."""

import msgspec
from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import URLEncodedBody

from internal.application.auth.log_in import LogIn, LogInCommand
from internal.application.auth.open_session import IssuedTokens
from internal.application.auth.refresh_session import RefreshSession, RefreshSessionCommand
from internal.domain.caller import Caller
from internal.domain.errors import NotAuthenticated
from internal.domain.user import AccountDisabled
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.openapi import problems


class GrantRequest(msgspec.Struct, frozen=True):
    """RFC 6749 sections 4.3.2 and 6. `username` is the email address. Other parameters are ignored."""

    grant_type: str = ""
    username: str = ""
    password: str = ""
    refresh_token: str = ""


class GrantedTokens(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 6749 section 5.1."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - a scheme, not a password
    expires_in: int
    refresh_token: str


class GrantError(msgspec.Struct, frozen=True):
    """RFC 6749 section 5.2."""

    error: str
    error_description: str


_GRANTED = ResponseSpec(GrantedTokens, generate_examples=False)
_GRANT_ERROR = ResponseSpec(GrantError, generate_examples=False, description="The grant is refused")


class OAuthController(Controller):
    path = "/api/v1/auth"
    tags = ("auth",)
    opt = access(ANYONE)

    @post(
        "/token",
        status_code=200,
        summary="Log in with the password grant of OAuth 2",
        responses={200: _GRANTED, 400: _GRANT_ERROR, **problems(408, 413, 415, 422, 429, 503)},
    )
    async def token(
        self,
        data: URLEncodedBody[GrantRequest],
        caller: NamedDependency[Caller],
        log_in: NamedDependency[LogIn],
        refresh_session: NamedDependency[RefreshSession],
    ) -> Response[GrantedTokens] | Response[GrantError]:
        try:
            match data.grant_type:
                case "password":
                    command = LogInCommand(email=data.username, password=data.password, caller=caller)
                    return _granted((await log_in(command)).tokens)
                case "refresh_token":
                    refresh = RefreshSessionCommand(refresh_token=data.refresh_token, caller=caller)
                    return _granted((await refresh_session(refresh)).tokens)
        except (NotAuthenticated, AccountDisabled) as error:
            return _refused("invalid_grant", error.message)
        return _refused("unsupported_grant_type", "The grant type must be password or refresh_token")


def _granted(tokens: IssuedTokens) -> Response[GrantedTokens]:
    granted = GrantedTokens(
        access_token=tokens.access_token,
        expires_in=int(tokens.expires_in.total_seconds()),
        refresh_token=tokens.refresh_token,
    )
    return Response(granted)


def _refused(error: str, description: str) -> Response[GrantError]:
    return Response(GrantError(error=error, error_description=description), status_code=400)
