"""Ed25519 keys as `openssl genpkey` writes them: PKCS #8 (RFC 8410), in base64."""

from base64 import b64decode

# Everything before the 32 bytes of the key itself.
_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")
_LENGTH = len(_PKCS8) + 32


def parse_private_key(value: str) -> bytes:
    """Return the 32 bytes of the key.

    Raises:
        ValueError: not an Ed25519 key in this format.
    """
    try:
        key = b64decode(value, validate=True)
    except ValueError:
        key = b""
    if len(key) != _LENGTH or not key.startswith(_PKCS8):
        raise ValueError("must be an Ed25519 private key: PKCS #8 in base64")
    return key.removeprefix(_PKCS8)
