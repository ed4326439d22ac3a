"""Who may call a route. Every route declares it, and a route that does not fails the start."""

from collections.abc import Callable
from typing import Any

from litestar import Litestar, Request
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from internal.application.auth.authenticate import Authenticate, AuthenticateCommand, Principal
from internal.application.auth.authorize import Authorize, AuthorizeCommand
from internal.domain.role import Permission
from internal.infrastructure.http.body_kind import takes_form
from internal.infrastructure.http.caller import AnyConnection, Callers
from internal.infrastructure.http.session_cookies import SessionCookies
from internal.infrastructure.inbound.access import Access, bearer_token

_KEY = "access"


ANYONE, SIGNED_IN = Access.ANYONE, Access.SIGNED_IN


def access(to: Access | Permission) -> dict[str, Any]:
    """The `opt` of a route: everybody, every signed-in user, or users whose role has the permission."""
    return {_KEY: to}


def permission_of(handler: BaseRouteHandler) -> Access | Permission | None:
    """What the route declares; None for a route that the framework added."""
    needed: Access | Permission | None = handler.opt.get(_KEY)
    return needed


class AccessGuard:
    """Authenticates the caller before the body of a request is read, and checks the route's declaration."""

    def __init__(
        self,
        *,
        authenticate: Callable[[], Authenticate],
        authorize: Callable[[], Authorize],
        session_cookies: Callable[[], SessionCookies],
        callers: Callers,
    ) -> None:
        self._authenticate = authenticate
        self._authorize = authorize
        self._session_cookies = session_cookies
        self._callers = callers

    async def __call__(self, connection: AnyConnection, handler: BaseRouteHandler) -> None:
        """Raise NotAuthenticated or NotPermitted unless the route is open to this caller."""
        # A form has its CSRF token in the body, which `check_again` waits for.
        await self._check(connection, handler, proves_origin=not takes_form(handler))

    async def check_again(self, request: Request[Any, Any, Any]) -> None:
        """Check again once the body has arrived: a slow client must not keep the rights of its start."""
        if request.route_handler.parsed_data_field is not None:
            await self._check(request, request.route_handler, proves_origin=True)

    async def _check(
        self, connection: AnyConnection, handler: BaseRouteHandler, *, proves_origin: bool
    ) -> None:
        needed = ANYONE if _is_automatic(handler) else handler.opt[_KEY]
        if needed is ANYONE:
            return
        principal = await self._principal_of(connection, proves_origin=proves_origin)
        if isinstance(needed, Permission):
            caller = self._callers.caller_of(connection)
            await self._authorize()(AuthorizeCommand(user=principal.user, permission=needed, caller=caller))
        connection.state.principal = principal

    async def _principal_of(self, connection: AnyConnection, *, proves_origin: bool) -> Principal:
        """A bearer token wins over cookies, which a browser also sends for a page of another site."""
        cookies, authenticate = self._session_cookies(), self._authenticate()
        token = cookies.access_token(connection)
        if token is None or _claims_a_token(connection):
            given = connection.headers.getall("authorization", [])
            return await authenticate(AuthenticateCommand(token=bearer_token(given)))
        principal = await authenticate(AuthenticateCommand(token=token))
        if proves_origin:
            cookies.require_csrf_token(connection, principal.session_id)
        return principal


async def provide_principal(request: Request[Any, Any, Any]) -> Principal:
    """The user and the session of a request, on every route that is not open to anyone."""
    principal: Principal = request.state.principal
    return principal


def require_declarations(app: Litestar) -> None:
    """Raise TypeError if a route does not declare its access."""
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            if _KEY not in handler.opt and not _is_automatic(handler):
                raise TypeError(f"{route.path} does not declare its access: {handler}")


def _is_automatic(handler: BaseRouteHandler) -> bool:
    """Whether the framework added the handler: it answers OPTIONS with the methods of the route."""
    return getattr(handler, "http_methods", None) == {"OPTIONS"}


def _claims_a_token(connection: AnyConnection) -> bool:
    """Whether there is an Authorization header that is not the password of a proxy in front of us."""
    given = connection.headers.getall("authorization", [])
    return any(value.partition(" ")[0].lower() != "basic" for value in given)
