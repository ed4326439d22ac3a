"""The answer to a log-in: tokens in the body, or in cookies if the client asks for them."""

from typing import Any

from litestar import Request, Response

from internal.application.auth.open_session import IssuedTokens
from internal.domain.user import User
from internal.infrastructure.http.auth.schemas import AuthenticatedUser
from internal.infrastructure.http.envelope import Envelope, Meta
from internal.infrastructure.http.session_cookies import SessionCookies


def session_answer(
    request: Request[Any, Any, Any],
    user: User,
    tokens: IssuedTokens,
    *,
    message: str,
    cookies: SessionCookies | None,
) -> Response[Envelope[AuthenticatedUser]]:
    """With `cookies` the tokens are in them, and the body has the CSRF token instead."""
    if cookies is None:
        data, headers = AuthenticatedUser.with_tokens(user, tokens), []
    else:
        csrf_token = cookies.csrf_token(tokens.session_id)
        data, headers = (
            AuthenticatedUser.with_cookies(user, tokens, csrf_token=csrf_token),
            cookies.of(tokens),
        )
    return Response(Envelope(message=message, data=data, meta=Meta.of(request)), cookies=headers)
