"""The shape of every answer: an envelope for success, and RFC 9457 plus the envelope's members for errors."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, Self, TypeVar

import msgspec
from litestar import Request

DataT = TypeVar("DataT")


class Meta(msgspec.Struct, frozen=True):
    request_id: str
    timestamp: datetime

    @classmethod
    def of(cls, request: Request[Any, Any, Any]) -> Self:
        return cls(request_id=request.scope["state"]["request_id"], timestamp=datetime.now(UTC))


class Envelope(msgspec.Struct, Generic[DataT], frozen=True, kw_only=True):
    success: bool = True
    message: str
    data: DataT
    meta: Meta


class EmptyEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope of a success that returns nothing."""

    success: bool = True
    message: str
    meta: Meta


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457 section 3.1 plus the envelope's members, for clients that read only the envelope.

    `type` is always `about:blank`. `error_code` distinguishes problems that have the same status.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    success: bool = False
    message: str
    error_code: str
    errors: Mapping[str, Sequence[str]] | msgspec.UnsetType = msgspec.UNSET
    meta: Meta
