# ruff: noqa: N802 - the methods have the names of user.proto
from collections.abc import Callable, Mapping
from uuid import UUID

from internal.application.admin.list_users import ListUsers, ListUsersCommand
from internal.application.admin.remove_user import RemoveUser, RemoveUserCommand
from internal.application.admin.rename_user import RenameUser, RenameUserCommand
from internal.application.admin.view_user import ViewUser, ViewUserCommand
from internal.application.auth.log_in import LogIn, LogInCommand
from internal.application.auth.register_user import RegisterUser, RegisterUserCommand
from internal.domain.user import UserNotFound
from internal.infrastructure.grpc.current_call import current_caller, current_principal
from internal.infrastructure.grpc.enums import chosen
from internal.infrastructure.grpc.generated.user import user_pb2
from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceServicer
from internal.infrastructure.grpc.metadata import ServicerContext, values_of
from internal.infrastructure.grpc.user_messages import ROLES, login_message, user_message
from internal.infrastructure.inbound.idempotency_keys import key_of
from internal.infrastructure.inbound.ids import parse_id
from internal.ports.user_directory import UserOrder, UserState

USUAL_LIMIT = 10
STATES: Mapping[UserState, user_pb2.UserState.ValueType] = {
    UserState.ACTIVE: user_pb2.USER_STATE_ACTIVE,
    UserState.DISABLED: user_pb2.USER_STATE_DISABLED,
    UserState.UNVERIFIED: user_pb2.USER_STATE_UNVERIFIED,
}
ORDERS: Mapping[UserOrder, user_pb2.UserOrder.ValueType] = {
    UserOrder.NEWEST_FIRST: user_pb2.USER_ORDER_NEWEST_FIRST,
    UserOrder.OLDEST_FIRST: user_pb2.USER_ORDER_OLDEST_FIRST,
    UserOrder.BY_EMAIL: user_pb2.USER_ORDER_BY_EMAIL,
    UserOrder.BY_EMAIL_BACKWARDS: user_pb2.USER_ORDER_BY_EMAIL_BACKWARDS,
    UserOrder.BY_NAME: user_pb2.USER_ORDER_BY_NAME,
    UserOrder.BY_NAME_BACKWARDS: user_pb2.USER_ORDER_BY_NAME_BACKWARDS,
}


class UserService(UserServiceServicer):
    def __init__(
        self,
        *,
        register_user: Callable[[], RegisterUser],
        log_in: Callable[[], LogIn],
        view_user: Callable[[], ViewUser],
        list_users: Callable[[], ListUsers],
        rename_user: Callable[[], RenameUser],
        remove_user: Callable[[], RemoveUser],
    ) -> None:
        self._register_user = register_user
        self._log_in = log_in
        self._view_user = view_user
        self._list_users = list_users
        self._rename_user = rename_user
        self._remove_user = remove_user

    async def CreateUser(
        self, request: user_pb2.CreateUserRequest, context: ServicerContext
    ) -> user_pb2.LoginResponse:
        registered = await self._register_user()(
            RegisterUserCommand(
                email=request.email,
                name=request.name,
                password=request.password,
                caller=current_caller(),
                idempotency_key=key_of(values_of(context, "idempotency-key")),
            )
        )
        return login_message(registered.user, registered.tokens)

    async def Login(self, request: user_pb2.LoginRequest, _: ServicerContext) -> user_pb2.LoginResponse:
        logged_in = await self._log_in()(
            LogInCommand(email=request.email, password=request.password, caller=current_caller())
        )
        return login_message(logged_in.user, logged_in.tokens)

    async def GetUser(self, request: user_pb2.GetUserRequest, _: ServicerContext) -> user_pb2.UserResponse:
        user = await self._view_user()(
            ViewUserCommand(actor=current_principal().user, user=_user_id(request.id))
        )
        return user_message(user)

    async def ListUsers(
        self, request: user_pb2.ListUsersRequest, _: ServicerContext
    ) -> user_pb2.ListUsersResponse:
        command = ListUsersCommand(
            actor=current_principal().user,
            search=request.q,
            role=chosen("role", request.role, ROLES),
            state=chosen("state", request.state, STATES),
            order=chosen("sort", request.sort, ORDERS) or UserOrder.NEWEST_FIRST,
            per_page=request.limit or USUAL_LIMIT,
            page=request.page or None,
            cursor=request.cursor or None,
        )
        listed = await self._list_users()(command)
        numbered = listed.numbered
        return user_pb2.ListUsersResponse(
            users=map(user_message, listed.users),
            total=numbered.total if numbered else 0,
            page=numbered.number if numbered else 0,
            limit=command.per_page,
            next_cursor=listed.next or "",
        )

    async def UpdateUser(
        self, request: user_pb2.UpdateUserRequest, _: ServicerContext
    ) -> user_pb2.UserResponse:
        user = await self._rename_user()(
            RenameUserCommand(
                actor=current_principal().user,
                caller=current_caller(),
                user_id=_user_id(request.id),
                name=request.name,
            )
        )
        return user_message(user)

    async def DeleteUser(
        self, request: user_pb2.DeleteUserRequest, _: ServicerContext
    ) -> user_pb2.DeleteUserResponse:
        await self._remove_user()(
            RemoveUserCommand(
                actor=current_principal().user, caller=current_caller(), user_id=_user_id(request.id)
            )
        )
        return user_pb2.DeleteUserResponse(success=True, message="User deleted successfully")


def _user_id(text: str) -> UUID:
    """Raises UserNotFound."""
    return parse_id(text, UserNotFound)
