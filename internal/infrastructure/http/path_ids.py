from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from litestar.params import PathParameter

from internal.domain.errors import NotFound

_UUID = {"format": "uuid"}
UserId = Annotated[str, PathParameter(description="The id of the user", schema_extra=_UUID)]
SessionId = Annotated[str, PathParameter(description="The id of the session", schema_extra=_UUID)]


def parse_id(text: str, missing: Callable[[], NotFound]) -> UUID:
    """Read an id in its usual form, in any case. Raises `missing`, as for an id that nobody has."""
    try:
        found = UUID(text)
    except ValueError as error:
        raise missing() from error
    if str(found) != text.lower():
        raise missing()
    return found
