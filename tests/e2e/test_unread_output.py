"""Output that nobody reads, as behind a paused terminal or a stuck log collector."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from internal.infrastructure.embedded.process import spawn, stop
from tests.e2e.test_worker_signals import told_again
from tests.support.polling import eventually
from tests.support.smtp_server import SmtpServer
from tests.support.system import System

pytestmark = pytest.mark.long

EVENTS = 2000  # more than a pipe holds
LOG_EVENTS = f"""
import sys
import structlog
from internal.infrastructure.telemetry.log import configure_logging
configure_logging(level="INFO", log_format="json")
for number in range({EVENTS}):
    structlog.get_logger().info("event", number=number)
print(file=sys.stderr, flush=True)
input()
structlog.get_logger().info("event", number={EVENTS})
"""


@contextmanager
def logging_process() -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-c", LOG_EVENTS]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        yield process


@contextmanager
def unread_pipe() -> Iterator[int]:
    """The end to write to of a pipe that is full."""
    reading, writing = os.pipe()
    try:
        os.set_blocking(writing, False)
        with suppress(BlockingIOError):
            while True:
                os.write(writing, b"x" * 512)
        os.set_blocking(writing, True)
        yield writing
    finally:
        os.close(reading)
        os.close(writing)


def test_a_worker_and_a_server_work_and_stop_while_nobody_reads_their_output(
    system: System, smtp_server: SmtpServer
) -> None:
    env = {**system.env, "HTTP_DRAIN_TIME": "0"}
    with unread_pipe() as output:
        server, worker = (
            spawn([sys.executable, "-m", module], env=env, stdout=output)
            for module in ("cmd.server", "cmd.worker")
        )
        try:
            eventually(lambda: system.get_private("/readyz").status_code == 200, within=20)
            assert system.sign_up("ada@example.com").status_code == 201
            eventually(lambda: len(smtp_server.messages()) == 1, within=20)

            for process in (server, worker):
                process.send_signal(signal.SIGTERM)

            assert (server.wait(10), worker.wait(10)) == (0, 0)
        finally:
            for process in (server, worker):
                stop(process, signal.SIGKILL)


def test_a_second_order_kills_a_worker_s_processes_while_nobody_reads_the_output(
    system: System, smtp_server: SmtpServer
) -> None:
    smtp_server.hangs_at = "."
    system.start_server()
    with unread_pipe() as output:
        worker = spawn([sys.executable, "-m", "cmd.worker"], env=system.env, stdout=output)
        try:
            system.sign_up("ada@example.com")
            eventually(lambda: len(smtp_server.handed_over) == 1, within=20)

            eventually(lambda: told_again(worker), within=5)

            assert worker.returncode == 1
        finally:
            stop(worker, signal.SIGKILL)


def test_lines_are_dropped_only_until_the_output_is_read_again() -> None:
    with logging_process() as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stderr.readline()
        dropped_after = json.loads(os.read(process.stdout.fileno(), 1 << 20).splitlines()[-2])["number"]
        process.stdin.write(b"\n")
        process.stdin.close()
        [*_, last] = process.stdout.read().splitlines()

    assert dropped_after < EVENTS - 1
    assert json.loads(last)["number"] == EVENTS


def test_a_slow_reader_gets_every_line() -> None:
    with logging_process() as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"\n")
        process.stdin.close()
        output = b""
        while piece := os.read(process.stdout.fileno(), 1 << 14):
            output += piece
            time.sleep(0.05)

    assert [json.loads(line)["number"] for line in output.splitlines()] == list(range(EVENTS + 1))
