"""The keys that encrypt the payloads of tasks."""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

KEY_BYTES = 32
# As the first item: no payload is encrypted, and the keys only decrypt.
PLAIN = "plain"
_ID = re.compile("[a-z0-9-]{1,16}")
# A random key has fewer distinct bytes once in 10^16 times.
_LEAST_DISTINCT = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadKeys:
    """The keys by id. The first one encrypts, if `encrypts`; all decrypt."""

    by_id: Mapping[str, bytes] = field(repr=False)
    encrypts: bool


def parse_payload_keys(value: str) -> PayloadKeys:
    """Read `id:base64,...` or `plain,id:base64,...`. Raises ValueError; the text contains no key."""
    items = value.split(",") if value else []
    only_decrypts = items[:1] == [PLAIN] and len(items) > 1
    keys: dict[str, bytes] = {}
    for item in items[1:] if only_decrypts else items:
        key_id, colon, text = item.partition(":")
        if not colon or not _ID.fullmatch(key_id):
            raise ValueError("must be id:key,... with ids of 1 to 16 characters from a-z, 0-9 and -")
        key = _key(text)
        if key_id in keys or key in keys.values():
            raise ValueError("must name each id and each key once")
        keys[key_id] = key
    return PayloadKeys(by_id=keys, encrypts=bool(keys) and not only_decrypts)


def _key(text: str) -> bytes:
    try:
        key = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise ValueError(f"must have keys of {KEY_BYTES} random bytes in base64") from error
    if len(key) != KEY_BYTES or len(set(key)) < _LEAST_DISTINCT:
        raise ValueError(f"must have keys of {KEY_BYTES} random bytes in base64")
    return key
