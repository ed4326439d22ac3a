from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt

from internal.ports.clock import Clock
from internal.ports.token_issuer import AccessToken, InvalidToken

_ALGORITHM = "HS256"
_TYPE = "at+jwt"  # RFC 9068 section 2.1
_REQUIRED_CLAIMS = ("sub", "iat", "exp", "jti", "iss", "aud")
_LEEWAY = timedelta(seconds=30)  # the largest difference between the clocks of two replicas


class JwtTokenIssuer:
    """Access tokens that follow RFC 8725: one algorithm, an explicit type, checked issuer and audience."""

    def __init__(self, *, secret: str, issuer: str, ttl: timedelta, clock: Clock) -> None:
        self.ttl = ttl
        self._secret = secret
        self._issuer = issuer
        self._clock = clock

    def issue(self, user_id: UUID, *, session_id: UUID | None = None) -> str:
        now = self._clock.now()
        session = {"sid": str(session_id)} if session_id else {}
        claims = {
            "sub": str(user_id),
            "iat": now,
            "exp": now + self.ttl,
            "jti": uuid4().hex,
            "iss": self._issuer,
            "aud": self._issuer,
            **session,
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM, headers={"typ": _TYPE})

    def verify(self, token: str) -> AccessToken:
        try:
            decoded = jwt.decode_complete(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                audience=self._issuer,
                leeway=_LEEWAY,
                options={"require": list(_REQUIRED_CLAIMS)},
            )
            if decoded["header"].get("typ") != _TYPE:
                raise InvalidToken
            return _read(decoded["payload"])
        except (jwt.PyJWTError, TypeError, ValueError, OverflowError) as error:
            raise InvalidToken from error


def _read(claims: dict[str, Any]) -> AccessToken:
    return AccessToken(
        user_id=UUID(claims["sub"]),
        session_id=_uuid(claims["sid"]) if "sid" in claims else None,
        issued_at=datetime.fromtimestamp(int(claims["iat"]), UTC),
    )


def _uuid(claim: object) -> UUID:
    if not isinstance(claim, str):
        raise InvalidToken
    return UUID(claim)
