import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt

from internal.infrastructure.security.token_key import TokenKey, base64url
from internal.ports.clock import Clock
from internal.ports.token_issuer import AccessToken, InvalidToken

_TYPE = "at+jwt"  # RFC 9068 section 2.1
# A header that asks for more than this is not ours: it may bring its own key, or ask for another encoding.
_HEADER = {"alg", "typ", "kid"}
_OPTIONS: jwt.types.Options = {"require": ["sub", "iat", "exp", "jti", "iss", "aud"]}
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
        self._keys = {key.key_id: (_prepared(key),) for key in keys}
        self._without_id = tuple(_prepared(key) for key in keys if key.algorithm == "HS256")
        # The keys of the headers that tokens of ours had, as they are encoded.
        self._known_headers: dict[str, Sequence[jwt.PyJWK]] = {}
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
        header = token.partition(".")[0]
        try:
            keys = self._known_headers.get(header) or self._keys_for(jwt.get_unverified_header(token))
            for key in keys:
                with suppress(jwt.InvalidSignatureError):
                    claims = self._decode(token, key)
                    self._known_headers[header] = keys
                    return _read(claims)
        except (jwt.PyJWTError, TypeError, ValueError, OverflowError) as error:
            raise InvalidToken from error
        raise InvalidToken

    def _keys_for(self, header: Mapping[str, Any]) -> Sequence[jwt.PyJWK]:
        if header.get("typ") != _TYPE or header.keys() - _HEADER:
            return ()
        if "kid" not in header:
            return self._without_id
        return self._keys.get(header["kid"], ())

    def _decode(self, token: str, key: jwt.PyJWK) -> Mapping[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=self._issuer,
            audience=self._issuer,
            leeway=_LEEWAY,
            options=_OPTIONS,
        )


def _prepared(key: TokenKey) -> jwt.PyJWK:
    """The key as PyJWT checks it once. It would check a plain key for every token."""
    if key.algorithm == "HS256":
        return jwt.PyJWK({"kty": "oct", "k": base64url(key.verifies_with), "alg": key.algorithm})
    return jwt.PyJWK(dict(key.public or {}))


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
