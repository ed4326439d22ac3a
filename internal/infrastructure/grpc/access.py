"""Who may call which method. A method that is not in the table is not served."""

from collections.abc import Callable, Mapping, Sequence

from internal.application.auth.authenticate import Authenticate, AuthenticateCommand, Principal
from internal.application.auth.authorize import Authorize, AuthorizeCommand
from internal.domain.caller import Caller
from internal.domain.role import Permission
from internal.infrastructure.inbound.access import Access, bearer_token

ANYONE, SIGNED_IN = Access.ANYONE, Access.SIGNED_IN

ACCESS: Mapping[str, Access | Permission] = {
    "/user.UserService/CreateUser": ANYONE,
    "/user.UserService/Login": ANYONE,
    "/user.UserService/GetUser": Permission.VIEW_USERS,
    "/user.UserService/ListUsers": Permission.VIEW_USERS,
    "/user.UserService/UpdateUser": Permission.MANAGE_USERS,
    "/user.UserService/DeleteUser": Permission.MANAGE_USERS,
}


class AccessGuard:
    """Authenticates the caller before a message is read, and checks the method's entry in the table."""

    def __init__(
        self, *, authenticate: Callable[[], Authenticate], authorize: Callable[[], Authorize]
    ) -> None:
        self._authenticate = authenticate
        self._authorize = authorize

    async def __call__(
        self, method: str, *, authorization: Sequence[str], caller: Caller
    ) -> Principal | None:
        """Return who calls, or None if anyone may. Raises NotAuthenticated or NotPermitted."""
        needed = ACCESS[method]
        if needed is ANYONE:
            return None
        token = bearer_token(authorization)
        principal = await self._authenticate()(AuthenticateCommand(token=token))
        if isinstance(needed, Permission):
            await self._authorize()(AuthorizeCommand(user=principal.user, permission=needed, caller=caller))
        return principal
