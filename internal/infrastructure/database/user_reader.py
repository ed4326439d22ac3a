from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.tables import COST_OF_HASH
from internal.infrastructure.database.user_repository import OF_EMAIL, OF_ID, OF_SESSION, to_user

# One index step per cost, whatever the number of users. DISTINCT would read all users.
_PASSWORD_COSTS = text(
    f"""
    WITH RECURSIVE costs (cost) AS (
        SELECT min({COST_OF_HASH}) FROM users
        UNION ALL
        SELECT (SELECT min({COST_OF_HASH}) FROM users WHERE {COST_OF_HASH} > cost)
        FROM costs WHERE cost IS NOT NULL
    )
    SELECT cost FROM costs WHERE cost IS NOT NULL
    """  # noqa: S608 - made of a constant
)


class SqlAlchemyUserReader:
    """Reads without a transaction, which would cost two more round trips."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def get(self, user_id: UUID) -> User | None:
        return await self._one(OF_ID, {"user_id": user_id})

    async def get_by_email(self, email: EmailAddress) -> User | None:
        return await self._one(OF_EMAIL, {"address": email.value})

    async def of_session(self, session_id: UUID) -> User | None:
        return await self._one(OF_SESSION, {"session_id": session_id})

    async def password_costs(self) -> Collection[str]:
        with translated_outages():
            async with self._engine.connect() as connection:
                return (await connection.scalars(_PASSWORD_COSTS)).all()

    async def _one(self, query: Select[Any], values: Mapping[str, Any]) -> User | None:
        with translated_outages():
            async with self._engine.connect() as connection:
                row = (await connection.execute(query, values)).one_or_none()
        return to_user(row) if row else None
