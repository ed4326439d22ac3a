"""What a caller needs at any door."""

from collections.abc import Sequence
from enum import Enum, auto

from internal.domain.errors import NotAuthenticated
from internal.ports.token_issuer import InvalidToken


class Access(Enum):
    """Who may call what a Permission does not protect."""

    ANYONE = auto()
    SIGNED_IN = auto()


class MissingToken(NotAuthenticated):
    code = "MISSING_TOKEN"

    def __init__(self) -> None:
        super().__init__("A bearer token is required")


def bearer_token(given: Sequence[str]) -> str:
    """The token of an Authorization header (RFC 6750 section 2.1), of which a request may have several.

    Raises:
        MissingToken: the first header has no bearer token.
        InvalidToken: there is a second header.
    """
    scheme, _, token = given[0].partition(" ") if given else ("", "", "")
    if scheme.lower() != "bearer" or not token:
        raise MissingToken
    if len(given) > 1:
        raise InvalidToken
    return token
