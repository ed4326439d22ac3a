import asyncio

import pytest
from structlog.testing import capture_logs

from internal.infrastructure.bootstrap.lifespan import in_background

pytestmark = pytest.mark.anyio


async def fail() -> None:
    raise ArithmeticError


async def test_reports_a_failure_in_the_background_and_ends_anyway() -> None:
    with capture_logs() as logs:
        async with in_background(fail(), asyncio.sleep(60)):
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    assert [entry["event"] for entry in logs] == ["background.failed"]
