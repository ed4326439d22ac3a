from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

DataT = TypeVar("DataT")


class SignUp(BaseModel):
    email: str = Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    name: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=8, max_length=128)


class LogIn(BaseModel):
    email: str
    password: str


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    name: str
    created_at: datetime
    updated_at: datetime


class AdminUserOut(UserOut):
    role: str
    verified_at: datetime | None
    disabled_at: datetime | None


class Tokens(BaseModel):
    token: str
    refresh_token: str
    expires_in: int
    user: UserOut


class Meta(BaseModel):
    request_id: str = Field(default_factory=lambda: str(uuid4()))
    timestamp: datetime = Field(default_factory=lambda: datetime.now(UTC))
    total: int | None = None


class Envelope(BaseModel, Generic[DataT]):
    success: bool = True
    message: str
    data: DataT
    meta: Meta = Field(default_factory=Meta)
