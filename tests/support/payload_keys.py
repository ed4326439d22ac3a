"""Keys for encrypted payloads, as TASK_PAYLOAD_KEYS has them."""

import os
from base64 import b64encode
from hashlib import sha256

from internal.infrastructure.config.payload_keys import PLAIN, parse_payload_keys
from internal.infrastructure.tasks.aes_gcm_cipher import AesGcmCipher


def setting(*key_ids: str) -> str:
    """TASK_PAYLOAD_KEYS with these ids, or PLAIN; an id has the same key every time."""
    return ",".join(key_id if key_id == PLAIN else f"{key_id}:{_key(key_id)}" for key_id in key_ids)


def _key(key_id: str) -> str:
    return b64encode(sha256(key_id.encode()).digest()).decode()


def cipher(*key_ids: str) -> AesGcmCipher:
    return AesGcmCipher(parse_payload_keys(setting(*key_ids)).by_id, random=os.urandom)
