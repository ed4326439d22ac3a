from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from internal.infrastructure.database.direct_statement import DirectStatement
from internal.infrastructure.database.tables import COST_OF_HASH
from internal.infrastructure.database.user_repository import OF_EMAIL, OF_ID, OF_SESSION, user_in

# One index step per cost, whatever the number of users. DISTINCT would read all users.
PASSWORD_COSTS = text(
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


_LIST_COSTS = DirectStatement(PASSWORD_COSTS)


class SqlAlchemyUserReader:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def get(self, user_id: UUID) -> User | None:
        return user_in(await OF_ID.alone(self._engine, user_id=user_id))

    async def get_by_email(self, email: EmailAddress) -> User | None:
        return user_in(await OF_EMAIL.alone(self._engine, address=email.value))

    async def of_session(self, session_id: UUID) -> User | None:
        return user_in(await OF_SESSION.alone(self._engine, session_id=session_id))

    async def password_costs(self) -> Collection[str]:
        return [row.cost for row in await _LIST_COSTS.alone(self._engine)]
