"""`--debug` and `--reload`, on a copy of the program that the test may change."""

import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import dramatiq
import httpx
import pytest

from internal.infrastructure.embedded.process import die_with_parent, free_port
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.support.polling import eventually
from tests.support.system import PASSWORD, System

ROOT = Path(__file__).parents[2]
ENDS_WITHIN = 30  # seconds
HANDLER = Path("internal/application/auth/register_user.py")
FIRST_LINE = "    async def __call__(self, command: RegisterUserCommand)"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A copy of the program."""
    directory = tmp_path / "program"
    for package in ("internal", "cmd"):
        shutil.copytree(ROOT / package, directory / package)
    shutil.copy(ROOT / "pyproject.toml", directory)  # it has Alembic's settings
    return directory


class Terminal:
    """A program that has a terminal, and what it has written there."""

    def __init__(self, program: Path, *command: str, env: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        parent = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=program,
            env=env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=lambda: die_with_parent(parent, signal.SIGKILL),  # noqa: PLW1509 - no other threads here
        )
        os.close(slave)
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def says(self, text: str, *, within: float = ENDS_WITHIN) -> None:
        try:
            eventually(lambda: text in self.text, within=within)
        except AssertionError:
            raise AssertionError(f"{text!r} is not in {self.text}") from None

    def type(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(ENDS_WITHIN)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        os.close(self._master)

    def _read(self) -> None:
        with suppress(OSError):  # nobody has the other end any more
            while data := os.read(self._master, 10_000):
                self.text += data.decode(errors="replace")


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


@pytest.mark.long
def test_a_breakpoint_in_a_request_stops_at_the_terminal(
    system: System, program: Path, terminals: list[Terminal]
) -> None:
    source = (program / HANDLER).read_text()
    signature, _, body = source[source.index(FIRST_LINE) :].partition(":\n")
    (program / HANDLER).write_text(
        source.replace(f"{signature}:\n{body}", f"{signature}:\n        breakpoint()\n{body}")
    )
    terminal = Terminal(program, "cmd.server", "--debug", env=system.env)
    terminals.append(terminal)
    eventually(lambda: system.get("/livez").status_code == 200, within=ENDS_WITHIN)
    answers: list[httpx.Response] = []

    request = threading.Thread(target=lambda: answers.append(system.sign_up("ada@example.com")))
    request.start()
    terminal.says("(Pdb)")
    terminal.type("p command.name.upper()")
    terminal.says("'ADA LOVELACE'")
    terminal.type("c")
    request.join(ENDS_WITHIN)

    assert [answer.status_code for answer in answers] == [201]
    assert PASSWORD not in terminal.text
    assert terminal.interrupt() == 0


@pytest.mark.long
def test_a_breakpoint_in_a_handler_stops_at_the_terminal(
    system: System, program: Path, terminals: list[Terminal], redis_url: str
) -> None:
    (program / "pausing.py").write_text(
        "import dramatiq\n\n@dramatiq.actor\nasync def pause(number):\n"
        "    breakpoint()\n    print('answer', number * 6)\n"
    )
    terminal = Terminal(program, "cmd.worker", "--debug", "pausing", env={**system.env, "WORKER_LEASE": "1"})
    terminals.append(terminal)
    terminal.says("worker.started")

    broker = RedisBroker(url=redis_url)
    broker.enqueue(dramatiq.Message("default", "pause", (), {"number": 7}, {}))
    terminal.says("(Pdb)")
    time.sleep(2)  # longer than the lease
    terminal.type("p number * 100")
    terminal.says("700")
    terminal.type("c")
    terminal.says("answer 42")

    eventually(lambda: broker.qsize("default") == 0, within=5)
    broker.close()
    assert terminal.text.count("answer 42") == 1
    assert terminal.interrupt() == 0


def break_and_repair(terminal: Terminal, program: Path, *, started: str) -> None:
    """Write a file that cannot be read, and then one that can: the process starts again."""
    (program / HANDLER).write_text((program / HANDLER).read_text() + "\nbroken(\n")
    terminal.says("code.changed")
    terminal.says("SyntaxError")
    before = terminal.text.count(started)

    (program / HANDLER).write_text((ROOT / HANDLER).read_text())
    eventually(lambda: terminal.text.count(started) > before, within=ENDS_WITHIN)


def test_a_change_of_the_code_starts_the_process_again(
    system: System, program: Path, terminals: list[Terminal]
) -> None:
    terminal = Terminal(program, "cmd.worker", "--reload", env=system.env)
    terminals.append(terminal)
    terminal.says("worker.started")

    break_and_repair(terminal, program, started="worker.started")

    assert terminal.interrupt() == 0


@pytest.mark.long
def test_make_run_has_colours_and_starts_again_after_a_change(
    program: Path, terminals: list[Terminal]
) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "HTTP_PORT": str(free_port()),
        "GRPC_PORT": str(free_port()),
        "TERM": "xterm",
    }
    terminal = Terminal(program, "cmd.dev", env=env)
    terminals.append(terminal)
    terminal.says("Ctrl-C stops everything", within=60)

    break_and_repair(terminal, program, started="Started worker")

    assert "\x1b[36mserver \x1b[0m| \x1b[" in terminal.text
    assert terminal.interrupt() == 0


def test_a_process_that_cannot_start_is_not_waited_for(system: System, program: Path) -> None:
    system.env["REDIS_URL"] = "redis://127.0.0.1:1/0"
    system.env["PYTHONPATH"] = str(program)

    ended = system.run("cmd.worker", "--reload")

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("cmd.worker: Redis cannot be reached")
