"""What a mail server that hangs holds up, on real processes."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Self

import psycopg
import pytest

from tests.support.polling import eventually
from tests.support.system import System

MAILS = 30  # three times the slots of a worker


class Tarpit:
    """Takes every connection and says nothing."""

    def __init__(self) -> None:
        self.connections = 0
        self.most_at_once = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner, suppress(asyncio.CancelledError):
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._hold, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._serving = asyncio.create_task(server.serve_forever())
        self._listening.set()
        await self._serving

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.most_at_once = max(self.most_at_once, self.connections)
        try:
            await reader.read()
        finally:
            self.connections -= 1
            writer.close()


@pytest.fixture
def tarpit() -> Iterator[Tarpit]:
    with Tarpit() as tarpit:
        yield tarpit


def publish_purge(system: System) -> None:
    published = system.run("cmd.admin", "task", "enqueue", "outbox:purge", "--payload", "{}")
    assert published.returncode == 0, published.stderr


def outbox_has_open(system: System, task_name: str) -> bool:
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        left = "SELECT count(*) FROM outbox WHERE task_name = %s AND closed_at IS NULL"
        return connection.execute(left, [task_name]).fetchone() != (0,)


def test_a_mail_server_that_hangs_stalls_no_other_task(system: System, tarpit: Tarpit) -> None:
    system.start_server()
    system.start_worker(MAIL_URL=f"smtp://127.0.0.1:{tarpit.port}")
    for number in range(MAILS):
        system.sign_up(f"user{number}@example.com")
    eventually(lambda: tarpit.connections == 5, within=10)
    publish_purge(system)
    started = time.monotonic()

    eventually(lambda: not outbox_has_open(system, "outbox:purge"), within=10)

    assert time.monotonic() - started < 5
    assert tarpit.most_at_once == 5
