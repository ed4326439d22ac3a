import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from uuid import UUID

from internal.domain.account_token import TokenPurpose
from internal.infrastructure.security.derived_keys import DerivedKeys


class HmacLinkTokens:
    """HMAC-SHA256 with a key of the purpose, over the user's id (16 bytes) and the task's id."""

    def __init__(self, keys: DerivedKeys) -> None:
        self._keys = keys

    def of(self, purpose: TokenPurpose, user_id: UUID, task_id: str) -> Sequence[str]:
        # A task id is any text, even with lone surrogates.
        message = user_id.bytes + task_id.encode(errors="surrogatepass")
        return [_text(hmac.digest(key, message, "sha256")) for key in self._keys.of(f"link {purpose}")]


def _text(token: bytes) -> str:
    return urlsafe_b64encode(token).rstrip(b"=").decode()
