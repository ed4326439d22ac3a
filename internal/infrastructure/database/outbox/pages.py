"""The rows of the outbox as operators see them, page by page."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import dropwhile
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from internal.infrastructure.database.tables import outbox
from internal.infrastructure.tasks.encrypted_payload import PayloadCipher, shown
from internal.ports.outbox_inspector import OutboxPage, OutboxRow, OutboxState
from internal.ports.tasks import Queue

MOST_AT_ONCE = 500

Position = tuple[datetime, str]  # of a row in its section: when it was stored or when it ended, and its id

# Without the followers, which may be many and deeply nested.
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


class _Section(NamedTuple):
    """Rows with a common order: by the time they were stored, or by the time they ended."""

    is_open: bool
    condition: Any
    since: Any


async def read_page(
    connection: AsyncConnection,
    state: OutboxState | None,
    *,
    newest_first: bool,
    size: int,
    cursor: str | None,
    cipher: PayloadCipher | None,
) -> OutboxPage:
    """Raises ValueError if the size is out of range, or the cursor belongs to another list."""
    if not 1 <= size <= MOST_AT_ONCE:
        raise ValueError(f"size must be within 1 to {MOST_AT_ONCE}")
    sections = _sections(state) if newest_first else _sections(state)[::-1]
    after: Position | None = None
    if cursor is not None:
        sections, after = _behind(cursor, sections)
    rows: list[OutboxRow] = []
    for section in sections:
        page = _page(section, newest_first=newest_first, after=after).limit(size + 1 - len(rows))
        rows += [to_row(row, cipher=cipher) for row in await connection.execute(page)]
        if len(rows) > size:
            return OutboxPage(rows=rows[:size], next=_to_cursor(rows[size - 1]))
        after = None
    return OutboxPage(rows=rows, next=None)


def _sections(state: OutboxState | None) -> Sequence[_Section]:
    """Split all rows into two sections, since no index has both: open rows first, then ended rows."""
    if state is None:
        return [
            _Section(is_open=True, condition=is_open, since=outbox.c.created_at),
            _Section(is_open=False, condition=_has_ended, since=outbox.c.closed_at),
        ]
    since = outbox.c.created_at if state.is_open else outbox.c.closed_at
    return [_Section(is_open=state.is_open, condition=IN_STATE[state], since=since)]


def _behind(cursor: str, sections: Sequence[_Section]) -> tuple[Sequence[_Section], Position]:
    """Return the sections that are left, and the position in the first of them."""
    is_open, position = _from_cursor(cursor)
    left = [*dropwhile(lambda section: section.is_open is not is_open, sections)]
    if not left:
        raise ValueError(f"{cursor!r} is the cursor of another list")
    return left, position


def since(row: OutboxRow) -> datetime:
    """Return when the row was stored, or when its task ended."""
    return row.ended_at or row.stored_at


def to_row(row: Row[Any], *, cipher: PayloadCipher | None) -> OutboxRow:
    return OutboxRow(
        id=row.id,
        name=row.task_name,
        queue=_queue(row.options),
        state=_state(row),
        payload=shown(row.payload, cipher=cipher, name=row.task_name, task_id=row.id),
        stored_at=row.created_at,
        next_try_at=row.next_try_at,
        forwarded_at=row.forwarded_at,
        completed_at=row.completed_at,
        ended_at=row.closed_at,
        last_error=row.last_error,
        last_failed_at=row.last_error_at,
    )


def _queue(options: Any) -> str:
    """Return the queue even if the row cannot be read, so that operators can see and discard it."""
    queue = options.get("queue") if isinstance(options, dict) else None
    return queue if isinstance(queue, str) else Queue.DEFAULT


def _state(row: Row[Any]) -> OutboxState:
    if row.closed_at is None:
        return OutboxState.WAITING if row.forwarded_at is None else OutboxState.FORWARDED
    if row.succeeded is None:
        return OutboxState.DUPLICATE
    return OutboxState.DONE if row.succeeded else OutboxState.GIVEN_UP


def _page(section: _Section, *, newest_first: bool, after: Position | None) -> Select[Any]:
    """Build the query of a page. An index sorts ended rows; open rows are sorted by each query."""
    place: Sequence[Any] = (section.since, outbox.c.id)
    query = select(*SHOWN).where(section.condition)
    if after is not None:
        row, other = tuple_(*place), tuple_(*after)
        query = query.where(row < other if newest_first else row > other)
    return query.order_by(*(column.desc() if newest_first else column.asc() for column in place))


def _to_cursor(row: OutboxRow) -> str:
    """Encode the position of a row as text that needs no quotes on a command line."""
    place = [row.state.is_open, since(row).isoformat(), row.id]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _from_cursor(cursor: str) -> tuple[bool, Position]:
    """Decode a cursor: was the row open, and its position."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        is_open, text, task_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{cursor!r} is not a cursor of a page") from error
    # No text in Postgres has a NUL, and it refuses to look for one.
    if moment.utcoffset() is None or "\0" in str(task_id):
        raise ValueError(f"{cursor!r} is not a cursor of a page")
    return bool(is_open), (moment, str(task_id))
