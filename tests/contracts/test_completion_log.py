from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import delete

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.tasks.completion_log import Completion, CompletionLog
from tests.fakes.completion_log import FakeCompletionLog
from tests.support.outbox_rows import store_due

pytestmark = pytest.mark.anyio

DONE = Completion(task_id="1", succeeded=True)
ARCHIVED = Completion(task_id="2", succeeded=False)


@dataclass(frozen=True)
class Rows:
    """`open` stores an open row for each task; `forget` deletes one."""

    log: CompletionLog
    open: Callable[..., Awaitable[None]]
    forget: Callable[[str], Awaitable[None]]


@pytest.fixture(params=["fake", "sqlalchemy"])
def rows(request: pytest.FixtureRequest) -> Rows:
    if request.param == "fake":
        return fake_rows()
    return sql_rows(request.getfixturevalue("container"))


def fake_rows() -> Rows:
    log = FakeCompletionLog()

    async def open_rows(*_: str) -> None: ...

    async def forget(task_id: str) -> None:
        log.forgotten.add(task_id)

    return Rows(log, open_rows, forget)


def sql_rows(container: Container) -> Rows:
    async def forget(task_id: str) -> None:
        async with container.database.engine().begin() as connection:
            await connection.execute(delete(outbox).where(outbox.c.id == task_id))

    return Rows(container.database.completion_log(), partial(store_due, container), forget)


async def test_a_task_is_open_until_it_is_closed(rows: Rows) -> None:
    await rows.open("1", "2", "3")
    assert await rows.log.closed(["1", "2", "3"]) == {}


async def test_tells_how_a_task_ended(rows: Rows) -> None:
    await rows.open("1", "2", "3")
    await rows.log.close([DONE, ARCHIVED])

    assert await rows.log.closed(["1", "2", "3"]) == {"1": True, "2": False}
    assert await rows.log.closed(["3"]) == {}


async def test_the_first_end_of_a_task_counts(rows: Rows) -> None:
    await rows.open("1", "2", "3")
    await rows.log.close([ARCHIVED])
    await rows.log.close([Completion(task_id="2", succeeded=True)])

    assert await rows.log.closed(["2"]) == {"2": False}


async def test_a_task_without_a_row_counts_as_done(rows: Rows) -> None:
    await rows.open("1", "2", "3")
    await rows.forget("2")
    await rows.log.close([ARCHIVED])

    assert await rows.log.closed(["2"]) == {"2": True}


async def test_a_reopened_task_is_open_again(rows: Rows) -> None:
    await rows.open("1", "2", "3")
    await rows.log.close([DONE, ARCHIVED])

    reopened = await rows.log.reopen(["2"])

    assert reopened == {"2"}
    assert await rows.log.closed(["1", "2"]) == {"1": True}


async def test_reopening_an_open_task_changes_nothing(rows: Rows) -> None:
    await rows.open("1", "2", "3")
    assert await rows.log.reopen(["1"]) == {"1"}

    assert await rows.log.closed(["1"]) == {}


async def test_only_tasks_with_a_row_are_reopened(rows: Rows) -> None:
    await rows.open("1", "2", "3")
    await rows.forget("2")

    assert await rows.log.reopen(["1", "2"]) == {"1"}


async def test_takes_no_tasks_at_all(rows: Rows) -> None:
    await rows.log.close([])

    assert await rows.log.closed([]) == {}
    assert await rows.log.reopen([]) == set()
