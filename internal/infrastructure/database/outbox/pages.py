"""The rows of the outbox as operators see them, page by page."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from internal.infrastructure.database.tables import outbox
from internal.ports.outbox_inspector import OutboxPage, OutboxRow, OutboxState
from internal.ports.tasks import Queue

MOST_AT_ONCE = 500

Position = tuple[datetime, str]  # of a row among those of its state: since when it is there, and its id

# Without the followers, which may be many, and nested deeply.
SHOWN = [column for column in outbox.c if column.name not in {"followers", "replaced"}]

is_open = outbox.c.closed_at.is_(None)
_has_ended = outbox.c.closed_at.is_not(None)
IN_STATE: Mapping[OutboxState, Any] = {
    OutboxState.WAITING: and_(is_open, outbox.c.forwarded_at.is_(None)),
    OutboxState.FORWARDED: and_(is_open, outbox.c.forwarded_at.is_not(None)),
    OutboxState.GIVEN_UP: outbox.c.succeeded.is_(False),
    OutboxState.DONE: and_(_has_ended, outbox.c.succeeded.is_(True)),
    OutboxState.DUPLICATE: and_(_has_ended, outbox.c.succeeded.is_(None)),
}


async def read_page(
    connection: AsyncConnection,
    state: OutboxState,
    *,
    newest_first: bool,
    size: int,
    cursor: str | None,
) -> OutboxPage:
    """Raise ValueError for a size or a cursor that cannot be."""
    if not 1 <= size <= MOST_AT_ONCE:
        raise ValueError(f"size must be within 1 to {MOST_AT_ONCE}")
    after = _from_cursor(cursor) if cursor is not None else None
    found = await connection.execute(_page(state, newest_first=newest_first, after=after).limit(size + 1))
    rows = [to_row(row) for row in found]
    has_more = len(rows) > size
    return OutboxPage(rows=rows[:size], next=_to_cursor(rows[size - 1]) if has_more else None)


def since(row: OutboxRow) -> datetime:
    """When it came among the open ones, or the ended ones."""
    return row.ended_at or row.stored_at


def to_row(row: Row[Any]) -> OutboxRow:
    return OutboxRow(
        id=row.id,
        name=row.task_name,
        queue=_queue(row.options),
        state=_state(row),
        payload=row.payload,
        stored_at=row.created_at,
        next_try_at=row.next_try_at,
        forwarded_at=row.forwarded_at,
        completed_at=row.completed_at,
        ended_at=row.closed_at,
        last_error=row.last_error,
        last_failed_at=row.last_error_at,
    )


def _queue(options: Any) -> str:
    """Also of a row that cannot be read, which is to be seen and discarded like any other."""
    queue = options.get("queue") if isinstance(options, dict) else None
    return queue if isinstance(queue, str) else Queue.DEFAULT


def _state(row: Row[Any]) -> OutboxState:
    if row.closed_at is None:
        return OutboxState.WAITING if row.forwarded_at is None else OutboxState.FORWARDED
    if row.succeeded is None:
        return OutboxState.DUPLICATE
    return OutboxState.DONE if row.succeeded else OutboxState.GIVEN_UP


def _page(state: OutboxState, *, newest_first: bool, after: Position | None) -> Select[Any]:
    """Of those that have ended, an index has the order; those that are open are sorted each time."""
    place: Sequence[Any] = (outbox.c.created_at if state.is_open else outbox.c.closed_at, outbox.c.id)
    query = select(*SHOWN).where(IN_STATE[state])
    if after is not None:
        row, other = tuple_(*place), tuple_(*after)
        query = query.where(row < other if newest_first else row > other)
    return query.order_by(*(column.desc() if newest_first else column.asc() for column in place))


def _to_cursor(row: OutboxRow) -> str:
    """Text that stands on a command line as it is."""
    place = [since(row).isoformat(), row.id]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _from_cursor(cursor: str) -> Position:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text, task_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{cursor!r} is no cursor of a page") from error
    if moment.utcoffset() is None:
        raise ValueError(f"{cursor!r} is no cursor of a page")
    return moment, str(task_id)
