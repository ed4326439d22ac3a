"""Looking at the outbox is quick, however much of it is done."""

import psycopg
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.ports.outbox_inspector import OutboxState
from tests.support.outbox_rows import statements, store_due

pytestmark = pytest.mark.anyio

FILL = """
INSERT INTO outbox (id, task_name, payload, options, next_try_at, forwarded_at, closed_at, succeeded)
SELECT 'done-' || n, 'test', '{}', '{}', now(), now(), now() - n * interval '1 s', n % 1000 > 0
FROM generate_series(1, 20000) n
"""


async def test_no_more_than_what_is_asked_for_is_read(container: Container, database_url: str) -> None:
    with psycopg.connect(database_url) as filling:
        filling.execute(FILL)
        filling.execute("ANALYZE outbox")
    await store_due(container, "waiting")
    inspector = container.inspection.outbox()

    with statements(container) as executed:
        stats = await inspector.stats()
        pages = {state: await inspector.rows(state) for state in OutboxState if state != "duplicate"}
        everything = await inspector.rows(None)
        await inspector.rows(None, cursor=everything.next)
        await inspector.rows(None, newest_first=False)

    assert (stats.waiting, stats.given_up) == (1, 20)
    assert {state: len(page.rows) for state, page in pages.items()} == {
        OutboxState.WAITING: 1,
        OutboxState.FORWARDED: 0,
        OutboxState.GIVEN_UP: 20,
        OutboxState.DONE: 30,
    }
    assert (len(everything.rows), everything.next is None) == (30, False)
    # Three of the counts, one of each state; both sections, the rest of one section, one section.
    assert len(executed) == 3 + 4 + 2 + 1 + 1
    async with container.database.engine().connect() as connection:
        for statement, parameters in executed:
            plan = (await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)).scalars().all()
            assert "Seq Scan" not in "\n".join(plan)
