"""What keeps rows from being forwarded, as it is written on them."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.outbox.rows import SWEEP_BATCH, OutboxRows
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.embedded.process import free_port
from internal.ports.unavailable import Unavailable
from tests.fakes.task_transport import FakeTaskTransport
from tests.support.outbox_rows import publish, relay, statements, store_due

pytestmark = pytest.mark.anyio


async def errors(container: Container) -> dict[str, str | None]:
    """By task id; each has just been written."""
    await container.database.outbox_relay().close()
    async with container.database.engine().connect() as connection:
        age = (func.now() - outbox.c.last_error_at).label("age")
        rows = (await connection.execute(select(outbox.c.id, outbox.c.last_error, age))).all()
    assert all(
        (row.age is None) if row.last_error is None else row.age < timedelta(minutes=1) for row in rows
    )
    return {row.id: row.last_error for row in rows}


async def test_a_commit_without_redis_says_why_its_row_waits(settings: Settings, absent_port: int) -> None:
    absent = f"redis://127.0.0.1:{absent_port}/0"
    container = Container(settings=settings.model_copy(update={"redis_url": absent}))
    async with open_resources(container):
        ids = [await publish(container) for _ in range(2)]

        found = await errors(container)

    assert found.keys() == set(ids)
    assert set(found.values()) <= {
        "Redis cannot be reached: connection refused",
        "Redis does not answer in time",
    }


async def test_what_goes_well_costs_no_statement_more(container: Container) -> None:
    await store_due(container, "task-1")

    with statements(container) as executed:
        await publish(container)
        await container.database.outbox_relay().close()
        await relay(container, FakeTaskTransport()).sweep()

    assert sum(statement.startswith("UPDATE") for statement, _ in executed) == 3  # mark; take and mark
    assert not any("last_error=" in statement for statement, _ in executed)
    assert set((await errors(container)).values()) == {None}


async def test_a_sweep_that_fails_is_one_statement_for_all_its_rows(container: Container) -> None:
    await store_due(container, *(f"task-{number}" for number in range(SWEEP_BATCH)))

    with statements(container) as executed, pytest.raises(Unavailable):
        await relay(container, FakeTaskTransport(down=True)).sweep()

    assert sum(statement.startswith("UPDATE") for statement, _ in executed) == 2  # take, and note
    assert None not in (await errors(container)).values()


async def test_no_text_but_our_own_is_written(container: Container) -> None:
    class Gossip(Exception):
        def __str__(self) -> str:
            return "ada@example.com at 10.0.0.7"

    await store_due(container, "task-1")

    await relay(container, FakeTaskTransport(down=True, failure=Gossip)).sweep()

    assert await errors(container) == {"task-1": "Gossip"}


async def test_the_last_error_stays_when_the_task_is_forwarded(container: Container) -> None:
    await store_due(container, "task-1")
    transport = FakeTaskTransport(down=True, failure=ArithmeticError)
    await relay(container, transport).sweep()
    transport.down = False

    assert await relay(container, transport).forward_again(["task-1"]) == {"task-1"}
    assert await errors(container) == {"task-1": "ArithmeticError"}


async def test_a_row_that_cannot_be_read_says_so(container: Container) -> None:
    await store_due(container, "unreadable", options={"max_retries": "many"})
    await store_due(container, "task-1")
    transport = FakeTaskTransport()

    await relay(container, transport).sweep()

    assert transport.sent == ["task-1"]
    assert await errors(container) == {
        "unreadable": "it cannot be read: options: Expected `int`, got `str` - at `$.max_retries`",
        "task-1": None,
    }


async def test_a_failure_that_cannot_be_noted_hides_nothing(settings: Settings) -> None:
    absent = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    container = Container(settings=settings.model_copy(update={"database_url": absent}))

    await OutboxRows(container.database.engine()).note_failure(
        ["task-1"], "Redis is full"
    )  # and raises nothing
