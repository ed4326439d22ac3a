from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.errors import Conflict, NotAuthenticated


class EmailAlreadyRegistered(Conflict):
    code = "EMAIL_ALREADY_REGISTERED"

    def __init__(self) -> None:
        super().__init__("This email address is already registered")


class InvalidCredentials(NotAuthenticated):
    """Wrong password or unknown account. Callers cannot tell which."""

    code = "INVALID_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__("Invalid credentials")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: UUID
    email: EmailAddress
    name: DisplayName
    password_hash: str = field(repr=False)
    created_at: datetime
    updated_at: datetime

    @classmethod
    def register(
        cls, *, user_id: UUID, email: EmailAddress, name: DisplayName, password_hash: str, now: datetime
    ) -> Self:
        return cls(
            id=user_id, email=email, name=name, password_hash=password_hash, created_at=now, updated_at=now
        )
