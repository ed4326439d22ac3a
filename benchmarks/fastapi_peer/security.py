"""Passwords and tokens of the peer."""

import hashlib
import os
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from zxcvbn_rs_py import zxcvbn

SECRET = os.environ["PEER_SECRET"]
TOKEN_LASTS = timedelta(minutes=15)
passwords = PasswordHash(
    [
        Argon2Hasher(
            parallelism=1,
            memory_cost=int(os.environ["PASSWORD_HASH_MEMORY"]),
            time_cost=int(os.environ["PASSWORD_HASH_TIME"]),
        )
    ]
)


class WeakPassword(ValueError):
    pass


def hash_new(password: str, *personal: str) -> str:
    """Raises WeakPassword."""
    if zxcvbn(password, list(personal)).guesses < 10_000_000:  # noqa: PLR2004 - our own limit
        raise WeakPassword
    return passwords.hash(password)


def access_token(user_id: UUID, session_id: UUID, *, lasts: timedelta = TOKEN_LASTS) -> str:
    claims = {"sub": str(user_id), "sid": str(session_id), "exp": datetime.now(UTC) + lasts}
    return jwt.encode(claims, SECRET, algorithm="HS256")


def session_of(token: str) -> UUID:
    """Raises jwt.InvalidTokenError."""
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"require": ["sub", "sid", "exp"]})
    return UUID(claims["sid"])


def refresh_token() -> tuple[str, bytes]:
    """A new token, and the digest that is stored."""
    token = secrets.token_urlsafe(32)
    return token, hashlib.sha256(token.encode()).digest()
