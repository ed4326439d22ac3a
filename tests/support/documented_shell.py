"""Runs the shell commands of a document against a server of its own."""

import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from internal.infrastructure.embedded.process import free_port, spawn
from tests.support.polling import eventually
from tests.support.system import STARTS_WITHIN


class Shell:
    """Runs commands in a directory with `var/mail`. They mean the server by port 8080."""

    def __init__(self, port: int, directory: Path) -> None:
        self._port = port
        self._directory = directory

    def run(self, command: str) -> str:
        completed = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command.replace(":8080", f":{self._port}")],
            cwd=self._directory,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert completed.returncode == 0, completed.stdout + completed.stderr
        return completed.stdout


@contextmanager
def shell_beside_a_server(
    directory: Path, *, database_url: str, redis_url: str, more: Mapping[str, str] | None = None
) -> Generator[Shell]:
    """Start a server and a worker, and require that both end cleanly."""
    port = free_port()
    env = {
        "APP_ENV": "test",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MAIL_URL": (directory / "var" / "mail").as_uri(),
        "HTTP_PORT": str(port),
        "PRIVATE_PORT": str(free_port()),
        **(more or {}),
    }
    processes = [
        spawn([sys.executable, "-m", f"cmd.{name}"], env=env, log=directory / name)
        for name in ("server", "worker")
    ]
    try:
        eventually(lambda: _is_ready(port), within=STARTS_WITHIN)
        yield Shell(port, directory)
    finally:
        for process in processes:
            process.terminate()
        codes = [process.wait(27) for process in processes]
    assert codes == [0, 0]


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False
