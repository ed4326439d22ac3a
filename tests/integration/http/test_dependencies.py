import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio


@contextmanager
def started_tasks() -> Generator[list[str]]:
    names: list[str] = []

    def start(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        names.append(coroutine.__qualname__)
        return asyncio.Task(coroutine, loop=loop, **options)

    asyncio.get_running_loop().set_task_factory(start)
    try:
        yield names
    finally:
        asyncio.get_running_loop().set_task_factory(None)


async def test_a_request_starts_no_tasks_for_its_dependencies(client: httpx.AsyncClient) -> None:
    account = {"email": "ada@example.com", "name": "Ada", "password": "correct horse battery"}

    with started_tasks() as names:
        response = await client.post("/api/v1/auth/register", json=account)

    assert response.status_code == 201
    # The framework's task groups start coroutines of this class.
    assert [name for name in names if name.startswith("TaskHandle")] == []
