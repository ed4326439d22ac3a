from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from internal.domain.errors import DomainError


class InvalidAccountToken(DomainError):
    """Unknown, used, expired or meant for something else. The error does not say which."""

    code = "INVALID_ACCOUNT_TOKEN"

    def __init__(self) -> None:
        super().__init__("The token is invalid or has expired")


class TokenPurpose(StrEnum):
    VERIFY_EMAIL = "verify-email"
    RESET_PASSWORD = "reset-password"  # noqa: S105 - a purpose, not a password
    CONFIRM_EMAIL = "confirm-email"


VALID_FOR: Mapping[TokenPurpose, timedelta] = {
    TokenPurpose.VERIFY_EMAIL: timedelta(hours=24),
    TokenPurpose.RESET_PASSWORD: timedelta(hours=1),
    TokenPurpose.CONFIRM_EMAIL: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountToken:
    """What we keep of a token that a mail carries: its SHA-256, and what it may be used for, once.

    email: the address that the mail goes to. The token is void when the account has another address, except
        that CONFIRM_EMAIL gives the account this one.
    """

    digest: bytes
    purpose: TokenPurpose
    user_id: UUID
    email: str
    expires_at: datetime


def digest_of(text: str) -> bytes:
    """What we keep of the token with this text. A token has 256 random bits, so no slow hash is needed."""
    return sha256(text.encode()).digest()
