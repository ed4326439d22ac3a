import asyncio
import socket
from contextlib import ExitStack
from http import HTTPStatus

import pytest

from internal.infrastructure.http.private_listener import Answer, PrivateListener

pytestmark = pytest.mark.anyio

MOST_SILENT = 20
REQUEST = b"GET /livez HTTP/1.1\r\n\r\n"


async def test_silent_connections_do_not_end_a_request_that_waits_for_its_answer() -> None:
    loop, asked, answers = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    async def route() -> Answer:
        loop.call_soon_threadsafe(asked.set)
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answers.wait(), loop))
        return Answer.json(HTTPStatus.OK, {"status": "ok"})

    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as silent:
        PrivateListener(listening, {"/livez": route}, most_silent=MOST_SILENT).start()
        address = listening.getsockname()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(REQUEST)
        await asyncio.wait_for(asked.wait(), 10)

        oldest, *_ = [silent.enter_context(socket.create_connection(address)) for _ in range(2 * MOST_SILENT)]
        oldest.settimeout(10)
        ended = await asyncio.to_thread(oldest.recv, 1)
        answers.set()

        assert (await asyncio.wait_for(reader.read(), 10)).startswith(b"HTTP/1.1 200 ")
        assert ended == b""
        writer.close()
