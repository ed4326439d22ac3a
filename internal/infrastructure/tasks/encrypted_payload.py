"""How an encrypted payload looks in Redis and in the outbox, and how readers open it."""

from collections.abc import Mapping
from typing import Any, Protocol

from internal.infrastructure.tasks import storable
from internal.infrastructure.tasks.encoded_task import InvalidPayload

# No field of a dataclass can have this name.
ENCRYPTED = "$encrypted"


class UnknownPayloadKey(LookupError):
    """The payload is encrypted with a key that this process does not have."""


class PayloadCipher(Protocol):
    """Encrypts payloads. A ciphertext belongs to one task: it cannot be read as the payload of another.

    encrypts: new payloads are to be encrypted; otherwise this cipher only decrypts.
    """

    @property
    def encrypts(self) -> bool: ...

    def encrypt(self, data: bytes, *, name: str, task_id: str) -> dict[str, Any]:
        """Return the payload to store instead of this JSON."""
        ...

    def decrypt(self, payload: Mapping[str, Any], *, name: str, task_id: str) -> bytes:
        """Return the JSON of an encrypted payload.

        Raises:
            UnknownPayloadKey: this process does not have the key.
            InvalidPayload: the payload was changed, belongs to another task, or is malformed.
        """
        ...

    def digest(self, value: bytes) -> str:
        """Return text that is equal for equal values and reveals nothing about them."""
        ...


def is_encrypted(payload: Mapping[str, Any]) -> bool:
    return ENCRYPTED in payload


def key_id_of(payload: Mapping[str, Any]) -> str | None:
    """The id of the key of an encrypted payload. None if the payload is plain or malformed."""
    envelope = payload.get(ENCRYPTED)
    key_id = envelope.get("key") if isinstance(envelope, dict) else None
    return key_id if isinstance(key_id, str) else None


def opened(payload: Mapping[str, Any], *, cipher: PayloadCipher | None, name: str, task_id: str) -> bytes:
    """Return the JSON of an encrypted payload. Raises as PayloadCipher.decrypt."""
    if cipher is not None:
        return cipher.decrypt(payload, name=name, task_id=task_id)
    key_id = key_id_of(payload)
    raise InvalidPayload(MALFORMED) if key_id is None else UnknownPayloadKey(missing(key_id))


def shown(payload: object, *, cipher: PayloadCipher | None, name: str, task_id: str) -> object:
    """Return the payload for an operator: decrypted if possible, otherwise a text that says why not."""
    if not isinstance(payload, Mapping) or not is_encrypted(payload):
        return payload
    try:
        return storable.decode(opened(payload, cipher=cipher, name=name, task_id=task_id))
    except UnknownPayloadKey:
        return f"encrypted with key {key_id_of(payload)}"
    except InvalidPayload as error:
        return f"encrypted: {error}"


MALFORMED = "its encrypted payload is malformed"


def missing(key_id: str) -> str:
    return f"no key {key_id!r} for its payload"
