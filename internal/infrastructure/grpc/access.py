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
    "/account.v1.AccountService/GetAccount": SIGNED_IN,
    "/account.v1.AccountService/ChangeName": SIGNED_IN,
    "/account.v1.AccountService/ChangePassword": SIGNED_IN,
    "/account.v1.AccountService/ChangeEmail": SIGNED_IN,
    "/account.v1.AccountService/DeleteAccount": SIGNED_IN,
    "/account.v1.AccountService/ExportAccount": SIGNED_IN,
    "/account.v1.AccountService/ListSecurityEvents": SIGNED_IN,
    "/account.v1.SessionService/RefreshSession": ANYONE,
    "/account.v1.SessionService/LogOut": ANYONE,
    "/account.v1.SessionService/ListSessions": SIGNED_IN,
    "/account.v1.SessionService/EndSession": SIGNED_IN,
    "/account.v1.SessionService/EndAllSessions": SIGNED_IN,
    "/account.v1.EmailLinkService/VerifyEmail": ANYONE,
    "/account.v1.EmailLinkService/ResendVerification": ANYONE,
    "/account.v1.EmailLinkService/ConfirmEmail": ANYONE,
    "/account.v1.EmailLinkService/ForgotPassword": ANYONE,
    "/account.v1.EmailLinkService/ResetPassword": ANYONE,
    "/admin.v1.AdminService/ActivateUser": Permission.MANAGE_USERS,
    "/admin.v1.AdminService/DeactivateUser": Permission.MANAGE_USERS,
    "/admin.v1.AdminService/ChangeRole": Permission.MANAGE_USERS,
    "/admin.v1.AdminService/RevokeSessions": Permission.MANAGE_USERS,
    "/admin.v1.AdminService/StartPasswordReset": Permission.MANAGE_USERS,
    "/admin.v1.AdminService/ListSecurityEvents": Permission.VIEW_SECURITY_EVENTS,
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
