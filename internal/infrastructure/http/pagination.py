"""The shape of an answer that is one page of a list."""

from collections.abc import Sequence
from typing import Any, Generic, Self

import msgspec
from litestar import Request

from internal.infrastructure.http.envelope import DataT, Meta


class Pagination(msgspec.Struct, frozen=True, kw_only=True):
    """Numbered pages alone have `page` and totals. On the last page, `next_cursor` is null."""

    page: int | msgspec.UnsetType = msgspec.UNSET
    per_page: int
    total: int | msgspec.UnsetType = msgspec.UNSET
    total_pages: int | msgspec.UnsetType = msgspec.UNSET
    next_cursor: str | None


class PageMeta(Meta, frozen=True, kw_only=True):
    pagination: Pagination

    @classmethod
    def of_page(cls, request: Request[Any, Any, Any], pagination: Pagination) -> Self:
        meta = Meta.of(request)
        return cls(request_id=meta.request_id, timestamp=meta.timestamp, pagination=pagination)


class PageEnvelope(msgspec.Struct, Generic[DataT], frozen=True, kw_only=True):
    success: bool = True
    message: str
    data: Sequence[DataT]
    meta: PageMeta
