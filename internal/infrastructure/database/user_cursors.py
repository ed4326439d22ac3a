"""Cursors of the list of users: the order, and the place of a user in it."""

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from internal.ports.cursors import InvalidCursor
from internal.ports.user_directory import UserOrder

# The value that the order compares first, and the id of the user.
Place = tuple[datetime | str, UUID]


def to_cursor(order: UserOrder, place: Place) -> str:
    """Encode a place as text that needs no quotes in an URL."""
    encoded = msgspec.json.encode((order.value, *place))
    return base64.urlsafe_b64encode(encoded).decode().rstrip("=")


def place_of(cursor: str, order: UserOrder) -> Place:
    """Decode a cursor. Raises InvalidCursor if it is malformed, or belongs to another order."""
    kind: Any = datetime if order.attribute == "created_at" else str
    try:
        encoded = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        of_order, value, user_id = msgspec.json.decode(encoded, type=tuple[UserOrder, kind, UUID])
    except ValueError as error:
        raise InvalidCursor from error
    if of_order is not order or not _is_comparable(value):
        raise InvalidCursor
    return value, user_id


def _is_comparable(value: datetime | str) -> bool:
    """Whether Postgres can compare it: a time with its zone, or a text without NUL."""
    return value.utcoffset() is not None if isinstance(value, datetime) else "\0" not in value
