from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, Row, any_, bindparam, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from internal.domain.account_token import AccountToken, TokenPurpose
from internal.infrastructure.database.direct_statement import DirectStatement
from internal.infrastructure.database.tables import account_tokens as tokens
from internal.infrastructure.database.tables import users

_KEPT = ("digest", "purpose", "user_id", "email", "expires_at")
_STORED = (
    select(tokens.c.digest)
    .where(tokens.c.digest == any_(bindparam("given", type_=ARRAY(LargeBinary))))
    .cte("stored")
)
_ADDED = (
    insert(tokens)
    .from_select(
        _KEPT,
        select(*(bindparam(name, type_=tokens.c[name].type) for name in _KEPT)).where(
            ~exists(select(_STORED.c.digest))
        ),
    )
    .on_conflict_do_nothing(index_elements=["digest"])
    .cte("added")
)
_ADD = DirectStatement(select(_STORED.c.digest).add_cte(_ADDED))
_USE_UP = update(tokens).where(tokens.c.used_at.is_(None)).values(used_at=func.now())
# Each use and withdrawal locks the row of the user first. Otherwise two transactions could each wait for a
# token that the other one holds.
_HOLDER = (
    select(users.c.id)
    .join(tokens, tokens.c.user_id == users.c.id)
    .where(tokens.c.digest == bindparam("given"))
    .with_for_update(of=users, key_share=True)
    .cte("holder")
)
_USER = (
    select(users.c.id)
    .where(users.c.id == bindparam("of_user"))
    .with_for_update(key_share=True)
    .cte("locked_user")
)
_USE = _USE_UP.where(
    tokens.c.user_id == _HOLDER.c.id,
    tokens.c.digest == bindparam("given"),
    tokens.c.purpose == bindparam("of_purpose"),
    tokens.c.expires_at > func.now(),
).returning(tokens)
_WITHDRAW = _USE_UP.where(tokens.c.user_id == _USER.c.id, tokens.c.purpose == bindparam("of_purpose"))


class SqlAlchemyAccountTokens:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, token: AccountToken, *, unless: Sequence[bytes] = ()) -> bytes:
        return _stored(token, unless, await _ADD.rows(self._connection, _values(token, unless)))

    async def list_of(self, user_id: UUID) -> Sequence[AccountToken]:
        query = select(tokens).where(tokens.c.user_id == user_id).order_by(tokens.c.expires_at)
        return [_to_token(row) for row in await self._connection.execute(query)]

    async def use(self, digest: bytes, purpose: TokenPurpose) -> AccountToken | None:
        given = {"given": digest, "of_purpose": purpose.value}
        row = (await self._connection.execute(_USE, given)).one_or_none()
        return _to_token(row) if row else None

    async def withdraw(self, user_id: UUID, purpose: TokenPurpose) -> None:
        await self._connection.execute(_WITHDRAW, {"of_user": user_id, "of_purpose": purpose.value})


class SqlAlchemyTokenKeeper:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, token: AccountToken, *, unless: Sequence[bytes] = ()) -> bytes:
        return _stored(token, unless, await _ADD.alone(self._engine, **_values(token, unless)))


def _values(token: AccountToken, unless: Sequence[bytes]) -> dict[str, object]:
    return {
        "given": [token.digest, *unless],
        "digest": token.digest,
        "purpose": token.purpose.value,
        "user_id": token.user_id,
        "email": token.email,
        "expires_at": token.expires_at,
    }


def _stored(token: AccountToken, unless: Sequence[bytes], rows: Sequence[Any]) -> bytes:
    """The digest that is stored. The rows have those that were stored before."""
    before = {row.digest for row in rows}
    return next((digest for digest in (token.digest, *unless) if digest in before), token.digest)


def _to_token(row: Row[Any]) -> AccountToken:
    return AccountToken(
        digest=row.digest,
        purpose=TokenPurpose(row.purpose),
        user_id=row.user_id,
        email=row.email,
        expires_at=row.expires_at,
    )
