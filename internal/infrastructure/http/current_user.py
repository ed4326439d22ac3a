from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from internal.application.auth.authenticate import Authenticate, AuthenticateCommand
from internal.domain.errors import NotAuthenticated
from internal.domain.user import User
from internal.ports.token_issuer import InvalidToken


class MissingToken(NotAuthenticated):
    code = "MISSING_TOKEN"

    def __init__(self) -> None:
        super().__init__("A bearer token is required")


async def provide_current_user(
    request: Request[Any, Any, Any], authenticate: NamedDependency[Authenticate]
) -> User:
    """The user that the bearer token of the request belongs to (RFC 6750 section 2.1).

    Raises:
        MissingToken: there is no bearer token.
        InvalidToken: not issued by us, expired, its user no longer exists, or there are several tokens.
    """
    given = request.headers.getall("authorization", [])
    scheme, _, token = given[0].partition(" ") if given else ("", "", "")
    if scheme.lower() != "bearer" or not token:
        raise MissingToken
    if len(given) > 1:
        raise InvalidToken
    return await authenticate(AuthenticateCommand(token=token))
