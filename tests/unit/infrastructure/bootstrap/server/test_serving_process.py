import asyncio
import gc
import multiprocessing
import socket

import pytest

from internal.infrastructure.bootstrap.server.serving_process import LIVE, ServingProcess

pytestmark = pytest.mark.anyio


async def test_a_process_that_is_forgotten_after_a_question_leaves_no_task_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ours, theirs = socket.socketpair()
    process = ServingProcess(multiprocessing.Process(), ours=ours, theirs=theirs)
    theirs.sendall(LIVE + b"\n")
    assert await process.ask(LIVE, within=1) == b""

    del process
    await asyncio.sleep(0)
    gc.collect()
    theirs.close()

    assert "destroyed" not in caplog.text


async def test_takes_answers_that_come_in_pieces_and_together() -> None:
    ours, theirs = socket.socketpair()
    process = ServingProcess(multiprocessing.Process(), ours=ours, theirs=theirs)

    asking = [asyncio.create_task(process.ask(name, within=1)) for name in (b"one", b"two", b"one")]
    for piece in (b"on", b"e 1\ntwo 2\nth", b"ree 3\n"):
        await asyncio.sleep(0.01)
        theirs.sendall(piece)
    answers = await asyncio.gather(*asking)
    theirs.close()

    assert answers == [b"1", b"2", b"1"]
