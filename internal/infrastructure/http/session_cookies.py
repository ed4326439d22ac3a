"""Sessions in cookies, for browsers: no script reads a token, and no other site uses one."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from internal.application.auth.open_session import IssuedTokens
from internal.domain.errors import InvalidInput, NotPermitted
from internal.domain.session import IDLE_FOR, LASTS_FOR
from internal.ports.refresh_tokens import InvalidRefreshToken, RefreshTokens

CSRF = "X-CSRF-Token"
_SAFE = {"GET", "HEAD", "OPTIONS"}
# RFC 6265bis section 4.1.3.2: browsers accept such a cookie only over HTTPS, and only from this very host.
_HOST = "__Host-"
# As above, from any host of the site: a cookie for one path only cannot have the name above.
_SECURE = "__Secure-"

_FORM_TOKEN, _RENEWED = "csrf_token", "renewed_access_token"

AnyConnection = ASGIConnection[Any, Any, Any, Any]


class InvalidCsrfToken(NotPermitted):
    code = "INVALID_CSRF_TOKEN"

    def __init__(self) -> None:
        super().__init__(f"A request with cookies needs the header {CSRF}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKind:
    """How an application keeps its sessions: names and path of the cookies, and when a session ends.

    prefix: of the names, so that two applications of one host have different sessions.
    """

    prefix: str = ""
    path: str = "/"
    idle_for: timedelta = IDLE_FOR
    lasts_for: timedelta = LASTS_FOR


def keep_csrf_token(connection: AnyConnection, token: object) -> None:
    """Keep the CSRF token of a form, which has no header."""
    connection.state[_FORM_TOKEN] = token if isinstance(token, str) else ""


class SessionCookies:
    """Writes and reads the cookies of a session.

    The CSRF token is an HMAC of the session's id. `csrf_keys` starts with the newest key. Without
    `is_secure` the cookies also work over plain HTTP, which only development uses.
    """

    def __init__(
        self,
        *,
        refresh_tokens: RefreshTokens,
        csrf_keys: Sequence[bytes],
        is_secure: bool,
        kind: SessionKind,
    ) -> None:
        self.kind = kind
        self._kept_for = min(kind.idle_for, kind.lasts_for) if kind.prefix else kind.lasts_for
        self._refresh_tokens = refresh_tokens
        self._csrf_keys = tuple(csrf_keys)
        self._is_secure = is_secure
        safe = (_HOST if kind.path == "/" else _SECURE) if is_secure else ""
        prefix = f"{safe}{kind.prefix}"
        self._access, self._refresh, self._csrf = (
            f"{prefix}{name}" for name in ("access_token", "refresh_token", "csrf_token")
        )

    def of(self, tokens: IssuedTokens) -> list[Cookie]:
        return [
            self._cookie(self._access, tokens.access_token, max_age=tokens.expires_in),
            self._cookie(self._refresh, tokens.refresh_token, max_age=self._kept_for),
            self._cookie(
                self._csrf, self.csrf_token(tokens.session_id), max_age=self._kept_for, is_for_scripts=True
            ),
        ]

    def expired(self) -> list[Cookie]:
        """Cookies that make the browser forget those of a session."""
        return [
            self._cookie(name, "", max_age=timedelta(0)) for name in (self._access, self._refresh, self._csrf)
        ]

    def csrf_token(self, session_id: UUID) -> str:
        return _mac(self._csrf_keys[0], session_id)

    def csrf_token_of(self, connection: AnyConnection) -> str:
        """The CSRF token for a form of the session's browser; empty if there is no session."""
        try:
            token = self._refresh_tokens.read(connection.cookies.get(self._refresh, ""))
        except InvalidRefreshToken:
            return ""
        return self.csrf_token(token.session_id)

    def are_sent_by(self, connection: AnyConnection) -> bool:
        """Whether the browser has a session, which may have ended."""
        return self._refresh in connection.cookies

    def access_token(self, connection: AnyConnection) -> str | None:
        return connection.state.get(_RENEWED) or connection.cookies.get(self._access)

    def token_to_renew(self, connection: AnyConnection) -> str | None:
        """The refresh token if the browser has dropped the access token, whose cookie lives as long as it."""
        if self._access in connection.cookies:
            return None
        return connection.cookies.get(self._refresh)

    def use_renewed(self, connection: AnyConnection, access_token: str) -> None:
        """Let the rest of this request have a token that the browser gets only with the answer."""
        connection.state[_RENEWED] = access_token

    def refresh_token(self, connection: AnyConnection) -> str:
        """The refresh token of the cookie.

        Raises:
            InvalidInput: there is no cookie, and the client sent no token in the body.
            InvalidRefreshToken: we did not make the token.
            InvalidCsrfToken: the request may come from another site.
        """
        text = connection.cookies.get(self._refresh)
        if text is None:
            raise InvalidInput({"refresh_token": ["is required"]})
        self.require_csrf_token(connection, self._refresh_tokens.read(text).session_id)
        return text

    def require_csrf_token(self, connection: AnyConnection, session_id: UUID | None) -> None:
        """Raise InvalidCsrfToken if the request changes something and does not prove its origin."""
        if connection.scope.get("method") in _SAFE:
            return
        given = (connection.headers.get(CSRF) or connection.state.get(_FORM_TOKEN, "")).encode()
        keys = self._csrf_keys if session_id else ()
        if not any(hmac.compare_digest(_mac(key, session_id).encode(), given) for key in keys):
            raise InvalidCsrfToken

    def _cookie(self, key: str, value: str, *, max_age: timedelta, is_for_scripts: bool = False) -> Cookie:
        return Cookie(
            key=key,
            value=value,
            path=self.kind.path,
            max_age=int(max_age.total_seconds()),
            secure=self._is_secure,
            httponly=not is_for_scripts,
            samesite="lax",
        )


def _mac(key: bytes, session_id: UUID | None) -> str:
    return hmac.new(key, str(session_id).encode(), "sha256").hexdigest()
