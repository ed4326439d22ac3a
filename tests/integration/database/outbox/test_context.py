"""Rows are marked for several requests at once, so in the context of none of them."""

from contextvars import ContextVar
from typing import Any

import pytest
from sqlalchemy import event

from internal.infrastructure.bootstrap.container import Container
from tests.support.outbox_rows import forwarded, publish

pytestmark = pytest.mark.anyio

request_id: ContextVar[str] = ContextVar("request_id", default="none")


async def test_rows_are_marked_outside_the_context_of_the_request_that_came_first(
    container: Container,
) -> None:
    seen: dict[str, str] = {}

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen[statement.split(maxsplit=1)[0]] = request_id.get()

    event.listen(container.database.engine().sync_engine, "before_cursor_execute", look)
    request_id.set("r-1")
    task_id = await publish(container)

    assert await forwarded(container) == {task_id: True}
    assert (request_id.get(), seen["UPDATE"]) == ("r-1", "none")
