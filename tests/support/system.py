"""The real processes of the system, as an operator starts them."""

import os
import ssl
import subprocess
import sys
from pathlib import Path

import httpx

from internal.infrastructure.embedded.process import free_port, spawn
from tests.support.generous_limits import GENEROUS_ENVIRONMENT
from tests.support.polling import eventually

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse"
STARTS_WITHIN = 60  # seconds, on a busy machine
# httpx reads the certificates of all authorities for each call that is given no context.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class System:
    """The real processes, as an operator would start them. Whatever is started here ends with the test.

    They run in `directory`, or else where the tests run.
    """

    def __init__(
        self, *, database_url: str, redis_url: str, mail_url: str, logs: Path, directory: Path | None = None
    ) -> None:
        self.port = free_port()
        self.private_port = free_port()
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "APP_ENV": "test",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "MAIL_URL": mail_url,
            "HTTP_PORT": str(self.port),
            "PRIVATE_PORT": str(self.private_port),
            "PASSWORD_HASH_MEMORY": "8",
            "PASSWORD_HASH_TIME": "1",
            "LOG_FORMAT": "json",
            **GENEROUS_ENVIRONMENT,
        }
        self._logs = logs
        self._directory = directory
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, *module_and_arguments: str, **env: str) -> "subprocess.Popen[bytes]":
        module, *arguments = module_and_arguments
        process = spawn(
            [sys.executable, "-m", module, *arguments],
            env={**self.env, **env},
            cwd=self._directory,
            log=self._logs / f"{module}.log",
        )
        self._processes.append(process)
        return process

    def start_server(self, **env: str) -> "subprocess.Popen[bytes]":
        process = self.start("cmd.server", **env)
        eventually(lambda: self.get("/readyz").status_code == 200, within=STARTS_WITHIN)
        return process

    def start_worker(self, **env: str) -> "subprocess.Popen[bytes]":
        process = self.start("cmd.worker", **env)
        eventually(lambda: "worker.started" in self.log("cmd.worker"), within=STARTS_WITHIN)
        return process

    def run(
        self, *module_and_arguments: str, stdin: str = "", **env: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a process to its end; a process that does not end is an error."""
        command = [sys.executable, "-m", *module_and_arguments]
        return subprocess.run(
            command,
            env={**self.env, **env},
            cwd=self._directory,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def log(self, module: str) -> str:
        file = self._logs / f"{module}.log"
        return file.read_text() if file.exists() else ""

    def get(self, path: str) -> httpx.Response:
        return self._get(self.port, path)

    def get_private(self, path: str) -> httpx.Response:
        return self._get(self.private_port, path)

    def sign_up(self, email: str) -> httpx.Response:
        body = {"email": email, "name": "Ada Lovelace", "password": PASSWORD}
        url = f"http://127.0.0.1:{self.port}/api/v1/auth/register"
        return httpx.post(url, json=body, timeout=10, verify=NO_CERTIFICATES)

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    @staticmethod
    def _get(port: int, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=10, verify=NO_CERTIFICATES)
