from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.events import Event
from internal.domain.role import Role
from internal.domain.user import EmailAlreadyRegistered, LastAdmin, User, UserChanged
from internal.infrastructure.database.direct_statement import DirectStatement
from internal.infrastructure.database.session_repository import IS_LIVE
from internal.infrastructure.database.tables import sessions, users

_ADD = DirectStatement(
    insert(users)
    .values({column.name: bindparam(column.name) for column in users.c})
    .on_conflict_do_nothing(index_elements=["email"])
    .returning(users.c.id)
)

_of_id = select(users).where(users.c.id == bindparam("user_id"))
OF_ID = DirectStatement(_of_id)
_HELD = DirectStatement(_of_id.with_for_update(key_share=True))
OF_EMAIL = DirectStatement(select(users).where(users.c.email == bindparam("address")))
OF_SESSION = DirectStatement(
    select(users)
    .join(sessions, sessions.c.user_id == users.c.id)
    .where(sessions.c.id == bindparam("session_id"), IS_LIVE)
)
_IS_ADMIN = (users.c.role == Role.ADMIN.value) & users.c.disabled_at.is_(None)
# All lock the rows in the same order, and the user with them: to lock it later, or earlier, could wait for
# somebody who waits for us. After the wait for another unit of work, Postgres reads the row again.
_LOCKED_ADMINS = (
    select(users.c.id, _IS_ADMIN.label("is_admin"))
    .where(_IS_ADMIN | (users.c.id == bindparam("user_id")))
    .order_by(users.c.id)
    .with_for_update(key_share=True)
)


class SqlAlchemyUserRepository:
    def __init__(self, connection: AsyncConnection, *, record: Callable[[Event], None]) -> None:
        self._connection = connection
        self._record = record

    async def add(self, user: User) -> None:
        # An IntegrityError would end the transaction, and its text would contain the address.
        if not await _ADD.rows(self._connection, _to_row(user)):
            raise EmailAlreadyRegistered
        self._record_of(user)

    async def get(self, user_id: UUID) -> User | None:
        return await self._one(OF_ID, {"user_id": user_id})

    async def hold(self, user_id: UUID) -> User | None:
        return await self._one(_HELD, {"user_id": user_id})

    async def get_by_email(self, email: EmailAddress) -> User | None:
        return await self._one(OF_EMAIL, {"address": email.value})

    async def of_session(self, session_id: UUID) -> User | None:
        return await self._one(OF_SESSION, {"session_id": session_id})

    async def save(self, user: User) -> None:
        save = update(users).where(users.c.id == user.id, users.c.version == user.version - 1)
        try:
            async with self._connection.begin_nested():
                changed = (await self._connection.execute(save.values(_to_row(user)))).rowcount
        except IntegrityError:
            # Only the address can be taken. The error's text contains it.
            raise EmailAlreadyRegistered from None
        if not changed:
            raise UserChanged
        self._record_of(user)

    async def require_other_admin(self, user: User) -> None:
        locked = await self._connection.execute(_LOCKED_ADMINS, {"user_id": user.id})
        if not any(row.is_admin and row.id != user.id for row in locked):
            raise LastAdmin

    async def delete(self, user: User) -> bool:
        deleted = await self._connection.execute(delete(users).where(users.c.id == user.id))
        if deleted.rowcount:
            self._record_of(user)
        return deleted.rowcount == 1

    async def replace_password_hash(self, user: User, password_hash: str) -> bool:
        replace = (
            update(users)
            .where(users.c.id == user.id, users.c.password_hash == user.password_hash)
            .values(password_hash=password_hash)
        )
        return (await self._connection.execute(replace)).rowcount == 1

    def _record_of(self, user: User) -> None:
        if user.recorded:
            self._record(user.recorded)

    async def _one(self, query: DirectStatement, values: Mapping[str, object]) -> User | None:
        return user_in(await query.rows(self._connection, values))


def _to_row(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "email": user.email.value,
        "name": user.name.value,
        "password_hash": user.password_hash,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "role": user.role.value,
        "verified_at": user.verified_at,
        "disabled_at": user.disabled_at,
        "sessions_valid_from": user.sessions_valid_from,
        "version": user.version,
    }


def user_in(rows: Sequence[Any]) -> User | None:
    return to_user(rows[0]) if rows else None


def to_user(row: Any) -> User:
    return User(
        id=row.id,
        email=EmailAddress(row.email),
        name=DisplayName(row.name),
        password_hash=row.password_hash,
        created_at=row.created_at,
        updated_at=row.updated_at,
        role=Role(row.role),
        verified_at=row.verified_at,
        disabled_at=row.disabled_at,
        sessions_valid_from=row.sessions_valid_from,
        version=row.version,
    )
