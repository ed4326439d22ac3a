"""The shape of an answer that is one page of a list."""

from collections.abc import Sequence
from typing import Generic

import msgspec

from internal.infrastructure.http.envelope import DataT, Meta


class Pagination(msgspec.Struct, frozen=True, kw_only=True):
    """`page` and the totals are there unless a cursor was given. The last page has no `next_cursor`."""

    page: int | msgspec.UnsetType = msgspec.UNSET
    per_page: int
    total: int | msgspec.UnsetType = msgspec.UNSET
    total_pages: int | msgspec.UnsetType = msgspec.UNSET
    next_cursor: str | None


class PageMeta(Meta, frozen=True, kw_only=True):
    pagination: Pagination


class PageEnvelope(msgspec.Struct, Generic[DataT], frozen=True, kw_only=True):
    success: bool = True
    message: str
    data: Sequence[DataT]
    meta: PageMeta
