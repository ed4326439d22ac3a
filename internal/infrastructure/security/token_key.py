import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """A key and the one algorithm that it is for. `public` is the JWK that others may see (RFC 7517)."""

    key_id: str
    algorithm: str
    signs_with: Any = field(repr=False)
    verifies_with: Any = field(repr=False)
    public: Mapping[str, str] | None = None


def shared_key(secret: str) -> TokenKey:
    """A key for HS256. Its id does not reveal the secret."""
    key = secret.encode()
    digest = hmac.new(key, b"id of the key for access tokens", hashlib.sha256).digest()
    return TokenKey(key_id=base64url(digest[:9]), algorithm="HS256", signs_with=key, verifies_with=key)


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
