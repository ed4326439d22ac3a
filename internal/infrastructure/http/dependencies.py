from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from internal.application.auth.authenticate import Authenticate, AuthenticateCommand
from internal.domain.errors import NotAuthenticated
from internal.domain.user import User


class MissingToken(NotAuthenticated):
    code = "MISSING_TOKEN"

    def __init__(self) -> None:
        super().__init__("A bearer token is required")


async def provide_current_user(
    request: Request[Any, Any, Any], authenticate: NamedDependency[Authenticate]
) -> User:
    """The user whose token the request carries (RFC 6750 section 2.1).

    Raises:
        MissingToken: there is no bearer token, or more than one.
        InvalidToken: it is not one of ours, has expired, or its user is gone.
    """
    given = request.headers.getall("authorization", [])
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token:
        raise MissingToken
    return await authenticate(AuthenticateCommand(token=token))
