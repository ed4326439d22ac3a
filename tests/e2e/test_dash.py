"""The terminal dashboard as a process in a terminal of 80 x 24."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from select import select

import pytest

from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.services import running_redis
from tests.support.taskqueue.engine import engine_on

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
WITHIN = 60.0  # seconds
LEAVES_THE_SCREEN = b"\x1b[?1049l"


class Terminal:
    """`shown` is what the process wrote since the last key."""

    def __init__(self, env: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self._theirs = theirs
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cmd.admin", "dash", "--every", "1s"],
            cwd=ROOT,
            env={**env, "TERM": "xterm-256color"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        self.shown = b""

    def press(self, keys: str) -> None:
        self.shown = b""
        os.write(self._ours, keys.encode())

    def sees(self, text: str) -> None:
        end = time.monotonic() + WITHIN
        while text.encode() not in self.shown:
            assert time.monotonic() < end, f"no {text!r} in {self.shown[-4000:]!r}"
            self._read(0.1)

    def ends(self) -> int:
        """The exit code. The terminal is as it was before."""
        end = time.monotonic() + WITHIN
        while self.process.poll() is None:
            assert time.monotonic() < end
            self._read(0.1)
        self._read(0.1)
        assert LEAVES_THE_SCREEN in self.shown
        assert termios.tcgetattr(self._theirs) == self.before
        return self.process.returncode

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def _read(self, within: float) -> None:
        while select([self._ours], [], [], within)[0]:
            self.shown += os.read(self._ours, 65_536)
            within = 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def env(database_url: str, server: EmbeddedRedis) -> dict[str, str]:
    return {"APP_ENV": "test", "DATABASE_URL": database_url, "REDIS_URL": server.url}


@pytest.fixture
def terminal(env: dict[str, str]) -> Iterator[Terminal]:
    terminal = Terminal(env)
    yield terminal
    terminal.close()


def test_survives_that_redis_goes_away_and_comes_back(server: EmbeddedRedis, terminal: Terminal) -> None:
    with engine_on(server.url) as engine:
        engine.publish("one")
        terminal.sees("Overview")
        terminal.sees("No worker is running; 1 task waits.")

        os.kill(server.pid, signal.SIGSTOP)
        terminal.sees("No answer: Redis cannot be reached. Figures of ")
        terminal.press("P")
        terminal.sees("Pause the queue default?")
        terminal.press("y")
        terminal.sees("Not done: ")
        os.kill(server.pid, signal.SIGCONT)
        terminal.press("P")
        terminal.sees("Pause the queue default?")
        terminal.press("y")
        terminal.sees("default (paused)")
        terminal.press("q")

        assert terminal.ends() == 0
        assert b"Traceback" not in terminal.shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_gives_the_terminal_back(terminal: Terminal, number: signal.Signals) -> None:
    terminal.sees("Overview")

    terminal.process.send_signal(number)

    assert terminal.ends() == 130


def test_without_colours_it_sends_none(env: dict[str, str]) -> None:
    terminal = Terminal({**env, "NO_COLOR": "1"})
    try:
        terminal.sees("Overview")
        terminal.sees("every 1 s")
        coloured = [code for code in _codes(terminal.shown) if code[:1] in {b"3", b"4", b"9"}]
        # 39 and 49 are the terminal's own colours.
        assert set(coloured) <= {b"39", b"49"}
        terminal.press("\x03")

        assert terminal.ends() == 0
    finally:
        terminal.close()


def _codes(shown: bytes) -> list[bytes]:
    """The parameters of the sequences that set colours and attributes."""
    sequences = [part.partition(b"m")[0] for part in shown.split(b"\x1b[")[1:]]
    numbers = [sequence for sequence in sequences if sequence.replace(b";", b"").isdigit()]
    return [code for sequence in numbers for code in sequence.split(b";") if len(code) == 2]
