from typing import Any
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from internal.domain.errors import NotAuthenticated
from internal.ports.token_issuer import TokenIssuer


class MissingToken(NotAuthenticated):
    code = "MISSING_TOKEN"

    def __init__(self) -> None:
        super().__init__("A bearer token is required")


async def provide_current_user_id(
    request: Request[Any, Any, Any], token_issuer: SkipValidation[NamedDependency[TokenIssuer]]
) -> UUID:
    """The user whose token the request carries (RFC 6750 section 2.1).

    Raises:
        MissingToken: there is no bearer token, or more than one.
        InvalidToken: it is not one of ours, or has expired.
    """
    given = request.headers.getall("authorization", [])
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token:
        raise MissingToken
    return token_issuer.verify(token)
