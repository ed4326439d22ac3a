import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from internal.infrastructure.security.token_key import TokenKey, base64url

_ALGORITHM = "EdDSA"


def ed25519_key(seed: bytes) -> TokenKey:
    """A key for EdDSA. Its id is the thumbprint of the public key (RFC 7638)."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key()
    # RFC 8037 section 2; the thumbprint needs these members in this order.
    members = {"crv": "Ed25519", "kty": "OKP", "x": base64url(public.public_bytes_raw())}
    key_id = base64url(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())
    return TokenKey(
        key_id=key_id,
        algorithm=_ALGORITHM,
        signs_with=private,
        verifies_with=public,
        public={**members, "kid": key_id, "alg": _ALGORITHM, "use": "sig"},
    )
