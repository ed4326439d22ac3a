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
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.domain.role import Role
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
# In order, Postgres may hope to meet the few users with a word or a trait soon, and then read all users.
_FIND_FIRST = text(
    "SELECT set_config('enable_indexscan', 'off', true), set_config('enable_seqscan', 'off', true)"
)
# A frequent word is found among this many users. To sort all users that have it would take a second.
_NEARBY = 1000


class SqlAlchemyUserDirectory:
    """Reads pages through indexes. A search reads the next users, or those that the index of words finds."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._without_transaction = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def page(
        self, wanted: UserFilter, *, order: UserOrder, size: int, skip: int = 0, cursor: str | None = None
    ) -> UserPage:
        query = _ordered(order, cursor).where(*_traits(wanted))
        rows: Sequence[Any] = []
        if wanted.words and not skip:
            nearby = query.limit(_NEARBY).subquery()
            found = select(nearby).where(_has_words(wanted)).limit(size + 1)
            rows = await self._read(found.order_by(*_directed(order, nearby.c.place, nearby.c.id)))
        if len(rows) <= size:
            query = query.where(_has_words(wanted)).offset(skip).limit(size + 1)
            rows = await self._read(query, find_first=_is_selective(wanted, order))
        page = rows[:size]
        following = to_cursor(order, (page[-1].place, page[-1].id)) if len(rows) > size else None
        return UserPage(users=[to_user(row) for row in page], next=following)

    async def count(self, wanted: UserFilter, *, at_most: int) -> int:
        found = select(text("1")).select_from(users).where(*_traits(wanted), _has_words(wanted))
        query = select(func.count()).select_from(found.limit(at_most).subquery())
        [[number]] = await self._read(query, find_first=bool(wanted.words))
        return int(number)

    async def _read(self, query: Select[Any], *, find_first: bool = False) -> Sequence[Any]:
        with translated_outages():
            engine = self._engine if find_first else self._without_transaction
            async with engine.connect() as connection:
                if find_first:
                    await connection.execute(_FIND_FIRST)
                rows: Sequence[Any] = (await connection.execute(query)).all()
                return rows


def _ordered(order: UserOrder, cursor: str | None) -> Select[Any]:
    value = _VALUES[order.attribute]
    query = select(users, value.label("place"))
    if cursor is not None:
        row, last = tuple_(value, users.c.id), tuple_(*place_of(cursor, order))
        query = query.where(row < last if order.is_descending else row > last)
    return query.order_by(*_directed(order, value, users.c.id))


def _directed(order: UserOrder, *columns: ColumnElement[Any]) -> Sequence[ColumnElement[Any]]:
    return [column.desc() if order.is_descending else column.asc() for column in columns]


def _is_selective(wanted: UserFilter, order: UserOrder) -> bool:
    """Whether an index finds the users, and does not have them in this order."""
    is_indexed = wanted.state in {UserState.DISABLED, UserState.UNVERIFIED} or wanted.role in {
        Role.ADMIN,
        Role.VIEWER,
    }
    return bool(wanted.words) or (is_indexed and order.attribute != "created_at")


def _has_words(wanted: UserFilter) -> ColumnElement[bool]:
    if not wanted.words:
        return true()
    # Words contain neither quotes nor backslashes: those separate words.
    search = " & ".join(f"'{word}':*" for word in wanted.words)
    return _WORDS.op("@@", is_comparison=True)(cast(func.lower(search), TSQUERY))


def _traits(wanted: UserFilter) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.role is not None:
        # As a literal, so that Postgres sees whether the index of the roles has it.
        role: BindParameter[str] = bindparam(None, wanted.role.value, literal_execute=True)
        conditions.append(users.c.role == role)
    if wanted.state is not None:
        conditions.append(_IN_STATE[wanted.state])
    return conditions
