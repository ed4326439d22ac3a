import hashlib
from collections.abc import Sequence
from uuid import UUID

from internal.domain.account_token import TokenPurpose


class FakeLinkTokens:
    """`keys` starts with the newest one."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys or ("key",)

    def of(self, purpose: TokenPurpose, user_id: UUID, task_id: str) -> Sequence[str]:
        of_what = repr((purpose, user_id, task_id))
        return [hashlib.sha256(f"{key} {of_what}".encode()).hexdigest() for key in self.keys]
