"""Keys for access tokens, as settings and as the program uses them, and tokens made by hand."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from internal.infrastructure.security.ed25519_key import ed25519_key
from internal.infrastructure.security.token_key import TokenKey, base64url, shared_key

SECRET, OTHER_SECRET = "7f3c1e9a5b2d8046e1c7a9f03b5d2864", "0b6e4d2c8f1a7935c0d4e8b26f9a1357"
SEED, OTHER_SEED = bytes.fromhex(SECRET * 2), bytes.fromhex(OTHER_SECRET * 2)
_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")
PRIVATE_KEY, OTHER_PRIVATE_KEY, GUESSED_KEY = (
    base64.b64encode(_PKCS8 + seed).decode() for seed in (SEED, OTHER_SEED, bytes(32))
)
KEYS = {"HS256": shared_key(SECRET), "EdDSA": ed25519_key(SEED)}
OTHER_KEYS = {"HS256": shared_key(OTHER_SECRET), "EdDSA": ed25519_key(OTHER_SEED)}

Sign = Callable[[bytes], bytes]


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the claims."""
    header, claims, _ = token.split(".")
    return json.loads(base64.urlsafe_b64decode(f"{header}==")), json.loads(
        base64.urlsafe_b64decode(f"{claims}==")
    )


def compact(header: Mapping[str, Any], claims: Mapping[str, Any], sign: Sign) -> str:
    """Return a token without the members that are None."""
    signed = f"{encoded(_given(header))}.{encoded(_given(claims))}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


def encoded(part: object) -> str:
    return base64url(json.dumps(part).encode())


def shared(secret: bytes, digest: str = "sha256") -> Sign:
    return lambda data: hmac.new(secret, data, digest).digest()


def signer(key: TokenKey) -> Sign:
    if key.algorithm == "HS256":
        return shared(key.signs_with)
    sign: Sign = key.signs_with.sign
    return sign


def _given(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if value is not None}
