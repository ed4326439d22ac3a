from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from litestar import Request


def accepted_type(request: Request[Any, Any, Any], offered: Sequence[str]) -> str | None:
    """The type that the client prefers. None if it accepts none of them, or if its header makes no sense."""
    # The framework fails at a weight that is infinite.
    with suppress(OverflowError):
        return request.accept.best_match([*offered])
    return None
