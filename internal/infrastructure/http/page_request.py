"""What every list takes, and what it refuses in its query."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request
from litestar.params import QueryParameter

from internal.application.page_sizes import LARGEST_PAGE
from internal.domain.errors import InvalidInput

AnyRequest = Request[Any, Any, Any]

_Limit = Annotated[int, QueryParameter(name="limit", description=f"Entries on a page, 1 to {LARGEST_PAGE}")]
_Cursor = Annotated[
    str | None, QueryParameter(name="cursor", description="The `next_cursor` of the page before")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    size: int
    cursor: str | None


async def provide_page_request(
    request: AnyRequest, limit: _Limit = 10, cursor: _Cursor = None
) -> PageRequest:
    _require_once(request)
    return PageRequest(size=limit, cursor=cursor)


async def provide_large_page_request(
    request: AnyRequest, limit: _Limit = LARGEST_PAGE, cursor: _Cursor = None
) -> PageRequest:
    """For a list that is short: without a limit, a page has all of it."""
    return await provide_page_request(request, limit, cursor)


def require_values(request: AnyRequest, **parsed: object) -> None:
    """Raise InvalidInput for a parameter that was given as `null`, which the framework reads as None."""
    absent = {name for name, value in parsed.items() if value is None}
    if errors := {name: ["is invalid"] for name in absent & request.query_params.keys()}:
        raise InvalidInput(errors)


def _require_once(request: AnyRequest) -> None:
    """Raise InvalidInput for a parameter that the query has twice. The framework reads the last one."""
    counts = Counter(name for name, _ in request.query_params.multi_items())
    if errors := {name: ["must be given once"] for name, count in counts.items() if count > 1}:
        raise InvalidInput(errors)
