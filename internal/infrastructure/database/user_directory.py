from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.tables import WORDS_OF_USER, users
from internal.infrastructure.database.user_cursors import place_of, to_cursor
from internal.infrastructure.database.user_repository import to_user
from internal.ports.user_directory import UserFilter, UserOrder, UserPage, UserState

_VALUES: Mapping[str, ColumnElement[Any]] = {
    "created_at": users.c.created_at,
    "email": users.c.email,
    "name": func.lower(users.c.name),
}
_IN_STATE: Mapping[UserState, ColumnElement[bool]] = {
    UserState.ACTIVE: users.c.disabled_at.is_(None),
    UserState.DISABLED: users.c.disabled_at.is_not(None),
    UserState.UNVERIFIED: users.c.verified_at.is_(None),
}
_WORDS: ColumnElement[Any] = literal_column(WORDS_OF_USER)
# Postgres takes every word for a frequent one. To find a rare one, it would read all users in order.
_FIND_WORDS_FIRST = text(
    "SELECT set_config('enable_indexscan', 'off', true), set_config('enable_seqscan', 'off', true)"
)


class SqlAlchemyUserDirectory:
    """Reads pages through indexes, and only the users that a search finds."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(
        self, wanted: UserFilter, *, order: UserOrder, size: int, skip: int = 0, cursor: str | None = None
    ) -> UserPage:
        query = _page(wanted, order, cursor).offset(skip).limit(size + 1)
        rows = await self._read(wanted, query)
        has_next = len(rows) > size
        rows = rows[:size]
        following = to_cursor(order, (rows[-1].place, rows[-1].id)) if has_next else None
        return UserPage(users=[to_user(row) for row in rows], next=following)

    async def count(self, wanted: UserFilter, *, at_most: int) -> int:
        counted = select(text("1")).select_from(users).where(*_conditions(wanted)).limit(at_most)
        [[number]] = await self._read(wanted, select(func.count()).select_from(counted.subquery()))
        return int(number)

    async def _read(self, wanted: UserFilter, query: Select[Any]) -> Sequence[Any]:
        with translated_outages():
            async with self._engine.connect() as connection:
                if wanted.words:
                    await connection.execute(_FIND_WORDS_FIRST)
                rows: Sequence[Any] = (await connection.execute(query)).all()
                return rows


def _page(wanted: UserFilter, order: UserOrder, cursor: str | None) -> Select[Any]:
    value = _VALUES[order.attribute]
    query = select(users, value.label("place")).where(*_conditions(wanted))
    if cursor is not None:
        row, last = tuple_(value, users.c.id), tuple_(*place_of(cursor, order))
        query = query.where(row < last if order.is_descending else row > last)
    columns = (value, users.c.id)
    return query.order_by(*(column.desc() if order.is_descending else column.asc() for column in columns))


def _conditions(wanted: UserFilter) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.words:
        # Words contain neither quotes nor backslashes: those separate words.
        search = " & ".join(f"'{word}':*" for word in wanted.words)
        conditions.append(_WORDS.op("@@")(cast(func.lower(search), TSQUERY)))
    if wanted.role is not None:
        # As a literal, so that Postgres sees whether the index of the roles has it.
        role: BindParameter[str] = bindparam(None, wanted.role.value, literal_execute=True)
        conditions.append(users.c.role == role)
    if wanted.state is not None:
        conditions.append(_IN_STATE[wanted.state])
    return conditions
