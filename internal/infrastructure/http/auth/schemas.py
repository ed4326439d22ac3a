import msgspec

from internal.infrastructure.http.users.schemas import UserResponse


class RegisterRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    name: str
    password: str


class LogInRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    password: str


class TokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str


class AuthenticatedUser(msgspec.Struct, frozen=True):
    token: str
    user: UserResponse
