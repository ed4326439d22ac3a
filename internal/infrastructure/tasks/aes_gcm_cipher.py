import hmac
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from internal.infrastructure.tasks.encoded_task import InvalidPayload
from internal.infrastructure.tasks.encrypted_payload import (
    ENCRYPTED,
    MALFORMED,
    UnknownPayloadKey,
    key_id_of,
    missing,
)

# Bytes, like the next. NIST SP 800-38D: a random nonce of 96 bits serves 2^32 messages of one key.
NONCE = 12
TAG = 16


class AesGcmCipher:
    """Encrypts with the first key, and decrypts with all of them.

    encrypts: see PayloadCipher.

    keys: 32 random bytes by id. Each serves two purposes, with a derived key for each.
    random: returns this many random bytes.
    """

    def __init__(
        self, keys: Mapping[str, bytes], *, random: Callable[[int], bytes], encrypts: bool = True
    ) -> None:
        self.encrypts = encrypts
        self._ciphers = {key_id: AESGCM(_derived(key, b"encrypt payload")) for key_id, key in keys.items()}
        self._key_id = next(iter(keys))
        self._encrypt = self._ciphers[self._key_id].encrypt
        self._digest_key = _derived(keys[self._key_id], b"digest of a lock or a limit")
        self._random = random

    def encrypt(self, data: bytes, *, name: str, task_id: str) -> dict[str, Any]:
        nonce = self._random(NONCE)
        sealed = nonce + self._encrypt(nonce, data, _owner(name, task_id))
        return {ENCRYPTED: {"key": self._key_id, "data": b2a_base64(sealed, newline=False).decode()}}

    def decrypt(self, payload: Mapping[str, Any], *, name: str, task_id: str) -> bytes:
        key_id = key_id_of(payload)
        if key_id is None:
            raise InvalidPayload(MALFORMED)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnknownPayloadKey(missing(key_id))
        sealed = _sealed(payload)
        try:
            return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], _owner(name, task_id))
        except InvalidTag as error:
            raise InvalidPayload("its encrypted payload was changed or belongs to another task") from error

    def digest(self, value: bytes) -> str:
        return hmac.digest(self._digest_key, value, "sha256").hex()[:32]


def _owner(name: str, task_id: str) -> bytes:
    """The associated data. Neither text contains NUL."""
    return f"{name}\0{task_id}".encode()


def _sealed(payload: Mapping[str, Any]) -> bytes:
    """Return nonce, ciphertext and tag."""
    try:
        sealed = a2b_base64(payload[ENCRYPTED]["data"], strict_mode=True)
    except (LookupError, TypeError, ValueError) as error:
        raise InvalidPayload(MALFORMED) from error
    if len(sealed) < NONCE + TAG:
        raise InvalidPayload(MALFORMED)
    return sealed


def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, purpose, "sha256")
