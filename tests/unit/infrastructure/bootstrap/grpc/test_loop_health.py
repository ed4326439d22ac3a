import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest

from internal.infrastructure.bootstrap.grpc import loop_health
from internal.infrastructure.bootstrap.grpc.loop_health import NO_ANSWER, LoopHealth
from internal.infrastructure.inbound.readiness import Readiness

pytestmark = pytest.mark.anyio


async def others_end() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop in another thread, as that of a gRPC server."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(others_end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def ready() -> Readiness:
    return Readiness(status="ok", checks={"database": "ok"})


async def down() -> Readiness:
    return Readiness(status="down", checks={"database": "failed"})


async def test_is_live_while_the_loop_answers() -> None:
    with running_loop() as loop:
        answer = await LoopHealth(loop, readiness=down).livez()

    assert (answer.status, json.loads(answer.body)) == (HTTPStatus.OK, {"status": "ok"})


@pytest.mark.parametrize(
    ("readiness", "status"), [(ready, HTTPStatus.OK), (down, HTTPStatus.SERVICE_UNAVAILABLE)]
)
async def test_is_ready_as_the_checks_say(readiness: loop_health.Ask, status: HTTPStatus) -> None:
    with running_loop() as loop:
        answer = await LoopHealth(loop, readiness=readiness).readyz()

    assert answer.status is status
    assert json.loads(answer.body)["checks"]["database"] == ("ok" if status is HTTPStatus.OK else "failed")


async def test_is_neither_while_the_loop_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_health, "ANSWER_WITHIN", 0.05)
    monkeypatch.setattr(loop_health, "CHECK_WITHIN", 0.05)
    released = threading.Event()
    with running_loop() as loop:
        loop.call_soon_threadsafe(released.wait)
        health = LoopHealth(loop, readiness=ready)

        live, is_ready = await health.livez(), await health.readyz()
        released.set()

    assert {live.status, is_ready.status} == {HTTPStatus.SERVICE_UNAVAILABLE}
    assert json.loads(is_ready.body)["reasons"] == {"loop": NO_ANSWER}
