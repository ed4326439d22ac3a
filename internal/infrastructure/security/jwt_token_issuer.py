import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt

from internal.infrastructure.security.token_key import TokenKey
from internal.ports.clock import Clock
from internal.ports.token_issuer import AccessToken, InvalidToken

_TYPE = "at+jwt"  # RFC 9068 section 2.1
# A header that asks for more than this is not ours: it may bring its own key, or ask for another encoding.
_HEADER = {"alg", "typ", "kid"}
_REQUIRED_CLAIMS = ("sub", "iat", "exp", "jti", "iss", "aud")
_LEEWAY = timedelta(seconds=30)  # the largest difference between the clocks of two replicas
# Ours have about 500 characters. Longer ones are refused unread.
_MAX_LENGTH = 4096
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class JwtTokenIssuer:
    """Access tokens that follow RFC 8725: one algorithm per key, a type, checked issuer and audience.

    The first key signs. A token that names no key comes from a version that knew only HS256.
    """

    def __init__(self, *, keys: Sequence[TokenKey], issuer: str, ttl: timedelta, clock: Clock) -> None:
        self.ttl = ttl
        self._signs = keys[0]
        self._keys = {key.key_id: key for key in keys}
        self._without_id = tuple(key for key in keys if key.algorithm == "HS256")
        self._issuer = issuer
        self._clock = clock

    def issue(self, user_id: UUID, *, session_id: UUID) -> str:
        now = self._clock.now()
        claims = {
            "sub": str(user_id),
            "sid": str(session_id),
            "iat": now,
            "exp": now + self.ttl,
            "jti": uuid4().hex,
            "iss": self._issuer,
            "aud": self._issuer,
        }
        header = {"typ": _TYPE, "kid": self._signs.key_id}
        return jwt.encode(claims, self._signs.signs_with, algorithm=self._signs.algorithm, headers=header)

    def verify(self, token: str) -> AccessToken:
        if len(token) > _MAX_LENGTH or not _COMPACT.fullmatch(token):
            raise InvalidToken
        try:
            for key in self._keys_for(jwt.get_unverified_header(token)):
                with suppress(jwt.InvalidSignatureError):
                    return _read(self._decode(token, key))
        except (jwt.PyJWTError, TypeError, ValueError, OverflowError) as error:
            raise InvalidToken from error
        raise InvalidToken

    def _keys_for(self, header: Mapping[str, Any]) -> Sequence[TokenKey]:
        if header.get("typ") != _TYPE or header.keys() - _HEADER:
            return ()
        if "kid" not in header:
            return self._without_id
        key = self._keys.get(header["kid"])
        return (key,) if key else ()

    def _decode(self, token: str, key: TokenKey) -> Mapping[str, Any]:
        return jwt.decode(
            token,
            key.verifies_with,
            algorithms=[key.algorithm],
            issuer=self._issuer,
            audience=self._issuer,
            leeway=_LEEWAY,
            options={"require": list(_REQUIRED_CLAIMS)},
        )


def _read(claims: Mapping[str, Any]) -> AccessToken:
    return AccessToken(
        user_id=UUID(claims["sub"]),
        session_id=_uuid(claims["sid"]) if "sid" in claims else None,
        issued_at=datetime.fromtimestamp(int(claims["iat"]), UTC),
    )


def _uuid(claim: object) -> UUID:
    if not isinstance(claim, str):
        raise InvalidToken
    return UUID(claim)
