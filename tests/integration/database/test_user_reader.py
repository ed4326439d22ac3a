import psycopg
import pytest
from sqlalchemy import text

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.user_reader import PASSWORD_COSTS

pytestmark = pytest.mark.anyio

FILL = """
INSERT INTO users (id, email, name, password_hash, created_at, updated_at)
SELECT gen_random_uuid(), n || '@example.com', 'Ada',
       '$argon2id$v=19$m=' || n % 3 || ',t=1,p=1$salt$' || md5(n::text), now(), now()
FROM generate_series(1, 20000) n
"""


async def test_lists_the_costs_of_stored_hashes_without_reading_every_user(
    container: Container, database_url: str
) -> None:
    with psycopg.connect(database_url) as filling:
        filling.execute(FILL)
        filling.execute("ANALYZE users")

    costs = await container.database.user_reader().password_costs()

    assert len(costs) == 3
    async with container.database.engine().connect() as connection:
        plan = (await connection.execute(text(f"EXPLAIN {PASSWORD_COSTS}"))).scalars().all()
    assert "Seq Scan" not in "\n".join(plan)
