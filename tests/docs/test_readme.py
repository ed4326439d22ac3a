"""README.md: it is short, its figures are measured, its commands work and its code is the program's."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from internal.infrastructure.embedded.process import free_port, spawn
from tests.support.documented_examples import README, ROOT, blocks
from tests.support.polling import eventually
from tests.support.system import STARTS_WITHIN

TEXT = README.read_text()
BLOCKS = blocks(README)
MOST_WORDS = 1300


class Shell:
    """Runs blocks of the page against a separate server, in a directory with `var/mail`."""

    def __init__(self, port: int, directory: Path) -> None:
        self._port = port
        self._directory = directory

    def run(self, name: str) -> str:
        command = BLOCKS[name].replace(":8080", f":{self._port}")
        completed = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self._directory,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert completed.returncode == 0, completed.stderr
        return completed.stdout


@pytest.fixture
def shell(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Shell]:
    port = free_port()
    env = {
        "APP_ENV": "test",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MAIL_URL": (tmp_path / "var" / "mail").as_uri(),
        "HTTP_PORT": str(port),
        "PRIVATE_PORT": str(free_port()),
    }
    processes = [
        spawn([sys.executable, "-m", f"cmd.{name}"], env=env, log=tmp_path / name)
        for name in ("server", "worker")
    ]
    try:
        eventually(lambda: is_ready(port), within=STARTS_WITHIN)
        yield Shell(port, tmp_path)
    finally:
        for process in processes:
            process.terminate()
        codes = [process.wait(27) for process in processes]
    assert codes == [0, 0]


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


def shape(value: Any) -> Any:
    """Return the keys at every level."""
    return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else None


def without_spaces(text: str) -> str:
    return "".join(text.split())


def test_it_is_short() -> None:
    assert len(TEXT.split()) <= MOST_WORDS


def test_every_figure_is_in_the_document_that_its_point_links() -> None:
    intro, _, _ = TEXT.partition("\n## ")
    points = re.findall(r"^- (.*?)(?=\n- |\n*\Z)", intro, re.MULTILINE | re.DOTALL)

    assert len(points) == 5
    for point in points:
        [figure] = re.findall(r"\*\*([\d.,]+(?: \w+)?)\*\*", point)
        linked = [(README.parent / name).read_text() for name in re.findall(r"\]\(([\w/.-]+\.md)\)", point)]
        assert any(re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d])", text) for text in linked), figure


def test_the_sign_up_works_as_shown(shell: Shell, tmp_path: Path) -> None:
    signed_up = json.loads(shell.run("sign_up"))
    eventually(lambda: any((tmp_path / "var" / "mail").glob("welcome-*.eml")), within=20)
    mail = shell.run("mail")
    me = json.loads(shell.run("log_in"))

    shown = json.loads(BLOCKS["signed_up"])
    assert shape(signed_up) == shape(shown)
    assert signed_up["message"] == shown["message"]
    assert "To: ada@example.com" in mail
    assert me["data"] == signed_up["data"]["user"]


@pytest.mark.parametrize("name", ["task", "publish"])
def test_its_code_is_the_programs(name: str) -> None:
    sources = [without_spaces(path.read_text()) for path in (ROOT / "internal/application").rglob("*.py")]
    lines = [without_spaces(line) for line in BLOCKS[name].splitlines()]

    whole = [text for text in sources if all(line in text for line in lines)]

    assert len(whole) == 1


def test_the_layout_is_that_of_the_repository() -> None:
    parent = ROOT
    for line in BLOCKS["layout"].splitlines():
        places = re.findall(r"(\S+)/(?= )", line)
        assert places, line
        parent = parent if line.startswith(" ") else ROOT
        assert all((parent / place).is_dir() for place in places), line
        if not line.startswith(" "):
            parent = ROOT / places[0]
