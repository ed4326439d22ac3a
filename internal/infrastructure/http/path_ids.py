from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from litestar.params import PathParameter

from internal.domain.errors import NotFound

PathId = Annotated[str, PathParameter(schema_extra={"format": "uuid"})]


def parse_id(text: str, missing: Callable[[], NotFound]) -> UUID:
    """Read an id in its usual form, in any case. Raises `missing`, as for an id that nobody has."""
    try:
        found = UUID(text)
    except ValueError as error:
        raise missing() from error
    if str(found) != text.lower():
        raise missing()
    return found
