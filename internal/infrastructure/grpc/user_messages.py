"""Users, roles and tokens as messages."""

from collections.abc import Mapping

from internal.application.auth.open_session import IssuedTokens
from internal.domain.role import Role
from internal.domain.user import User
from internal.infrastructure.grpc.generated.user import user_pb2
from internal.infrastructure.grpc.timestamps import timestamp

ROLES: Mapping[Role, user_pb2.Role.ValueType] = {
    Role.USER: user_pb2.ROLE_USER,
    Role.VIEWER: user_pb2.ROLE_VIEWER,
    Role.ADMIN: user_pb2.ROLE_ADMIN,
}


def user_message(user: User) -> user_pb2.UserResponse:
    return user_pb2.UserResponse(
        id=str(user.id),
        email=user.email.value,
        name=user.name.value,
        is_active=user.is_active,
        created_at=timestamp(user.created_at),
        updated_at=timestamp(user.updated_at),
        role=ROLES[user.role],
        is_verified=user.verified_at is not None,
    )


def login_message(user: User, tokens: IssuedTokens) -> user_pb2.LoginResponse:
    return user_pb2.LoginResponse(
        token=tokens.access_token,
        user=user_message(user),
        refresh_token=tokens.refresh_token,
        expires_in=int(tokens.expires_in.total_seconds()),
    )
