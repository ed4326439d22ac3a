import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, Select, bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.domain.caller import Caller
from internal.domain.security_event import ON_TASKS, Result
from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.tables import security_events as events
from internal.ports.cursors import InvalidCursor
from internal.ports.security_event_log import EventFilter, EventPage, RecordedEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Microseconds since the epoch, and the id. Both fit into what Python and Postgres can compare.
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,18})", re.ASCII)


class SqlAlchemySecurityEventLog:
    """Reads each page through the index of one condition, in its order."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(self, wanted: EventFilter, *, size: int, cursor: str | None = None) -> EventPage:
        query = _newest_first(wanted, cursor).limit(size + 1)
        with translated_outages():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query)).all()
        following = _to_cursor(rows[size - 1]) if len(rows) > size else None
        return EventPage(events=[_to_event(row) for row in rows[:size]], next=following)


def _newest_first(wanted: EventFilter, cursor: str | None) -> Select[Any]:
    query = select(events).where(*_conditions(wanted))
    if cursor is not None:
        query = query.where(tuple_(events.c.occurred_at, events.c.id) < tuple_(*_place_of(cursor)))
    return query.order_by(events.c.occurred_at.desc(), events.c.id.desc())


def _conditions(wanted: EventFilter) -> Sequence[ColumnElement[bool]]:
    equal = {
        events.c.name: wanted.name,
        events.c.actor_id: wanted.actor_id,
        events.c.subject_id: wanted.subject_id,
        events.c.operator: wanted.operator,
    }
    conditions: list[ColumnElement[bool]] = [
        column == value for column, value in equal.items() if value is not None
    ]
    if wanted.only_on_tasks:
        conditions.append(events.c.name.like(_literal(f"{ON_TASKS}%")))
    if wanted.result is not None:
        conditions.append(events.c.result == _literal(wanted.result.value))
    if wanted.since is not None:
        conditions.append(events.c.occurred_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(events.c.occurred_at < wanted.until)
    return conditions


def _literal(value: str) -> BindParameter[str]:
    """A literal, so that Postgres sees that an index has all rows that the condition finds."""
    return bindparam(None, value, literal_execute=True)


def _to_cursor(row: Row[Any]) -> str:
    return f"{(row.occurred_at - _EPOCH) // _MICROSECOND}-{row.id}"


def _place_of(cursor: str) -> tuple[datetime, int]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidCursor
    return _EPOCH + int(match[1]) * _MICROSECOND, int(match[2])


def _to_event(row: Row[Any]) -> RecordedEvent:
    return RecordedEvent(
        id=row.id,
        occurred_at=row.occurred_at,
        name=row.name,
        result=Result(row.result),
        actor_id=row.actor_id,
        subject_id=row.subject_id,
        caller=Caller(address=row.address, user_agent=row.user_agent, request_id=row.request_id),
        operator=row.operator,
        details=row.details,
    )
