import hashlib
import hmac
from collections.abc import Sequence


class DerivedKeys:
    """A key of its own for each purpose. `secrets` starts with the newest one."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets)

    def of(self, purpose: str) -> tuple[bytes, ...]:
        """The keys of 32 bytes for this purpose, newest first: sign with the first, accept all."""
        return tuple(hmac.new(secret, purpose.encode(), hashlib.sha256).digest() for secret in self._secrets)
