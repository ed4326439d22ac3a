from datetime import timedelta
from uuid import UUID, uuid4

import jwt

from internal.ports.clock import Clock
from internal.ports.token_issuer import InvalidToken

_ALGORITHM = "HS256"
_TYPE = "at+jwt"  # RFC 9068 section 2.1
_REQUIRED_CLAIMS = ("sub", "iat", "exp", "jti", "iss", "aud")
_LEEWAY = timedelta(seconds=30)  # the largest difference between the clocks of two replicas


class JwtTokenIssuer:
    """Access tokens that follow RFC 8725: one algorithm, an explicit type, checked issuer and audience."""

    def __init__(self, *, secret: str, issuer: str, ttl: timedelta, clock: Clock) -> None:
        self._secret = secret
        self._issuer = issuer
        self._ttl = ttl
        self._clock = clock

    def issue(self, user_id: UUID) -> str:
        now = self._clock.now()
        claims = {
            "sub": str(user_id),
            "iat": now,
            "exp": now + self._ttl,
            "jti": uuid4().hex,
            "iss": self._issuer,
            "aud": self._issuer,
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM, headers={"typ": _TYPE})

    def verify(self, token: str) -> UUID:
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
            return UUID(decoded["payload"]["sub"])
        except (jwt.PyJWTError, ValueError) as error:
            raise InvalidToken from error
