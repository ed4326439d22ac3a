from typing import Self

import msgspec

from internal.application.auth.open_session import IssuedTokens
from internal.domain.user import User
from internal.infrastructure.http.users.schemas import UserResponse


class RegisterRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    name: str
    password: str


class LogInRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    password: str


class TokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str


class RefreshTokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without a token, the cookie counts."""

    refresh_token: str | msgspec.UnsetType = msgspec.UNSET


class EmailRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: str


class ResetPasswordRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    password: str


class AuthenticatedUser(msgspec.Struct, frozen=True):
    """`token` is the access token, which is valid for `expires_in` seconds.

    In cookie mode there is a CSRF token instead of both tokens.
    """

    expires_in: int
    user: UserResponse
    token: str | msgspec.UnsetType = msgspec.UNSET
    refresh_token: str | msgspec.UnsetType = msgspec.UNSET
    csrf_token: str | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def with_tokens(cls, user: User, tokens: IssuedTokens) -> Self:
        return cls(
            token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_in=int(tokens.expires_in.total_seconds()),
            user=UserResponse.of(user),
        )

    @classmethod
    def with_cookies(cls, user: User, tokens: IssuedTokens, *, csrf_token: str) -> Self:
        return cls(
            csrf_token=csrf_token,
            expires_in=int(tokens.expires_in.total_seconds()),
            user=UserResponse.of(user),
        )
