from collections.abc import Callable
from uuid import UUID

from internal.domain.errors import NotFound


def parse_id(text: str, missing: Callable[[], NotFound]) -> UUID:
    """Read an id in its usual form, in any case. Raises `missing`, as for an id that nobody has."""
    try:
        found = UUID(text)
    except ValueError as error:
        raise missing() from error
    if str(found) != text.lower():
        raise missing()
    return found
