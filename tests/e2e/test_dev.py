"""`make run`, in a directory of the test's own: what it keeps there is `var/`."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
import redis

from internal.infrastructure.embedded.process import free_port, spawn
from tests.support.polling import eventually

ROOT = Path(__file__).parents[2]
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse"}

DONE = re.compile(r"^worker *\| done email:welcome \d+ ms$", re.MULTILINE)


class Dev:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.grpc_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = directory / "terminal.log"
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def env(self) -> dict[str, str]:
        ports = {"HTTP_PORT": str(self.port), "GRPC_PORT": str(self.grpc_port)}
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **ports}

    def start(self, *, until: str = "Ctrl-C stops everything") -> "subprocess.Popen[bytes]":
        self._log.unlink(missing_ok=True)
        process = spawn([sys.executable, "-m", "cmd.dev"], env=self.env, log=self._log, cwd=self.directory)
        self._processes.append(process)
        eventually(lambda: until in self.terminal, within=60)
        return process

    def run(self, *module_and_arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", *module_and_arguments]
        return subprocess.run(
            command, env=self.env, cwd=self.directory, capture_output=True, text=True, timeout=60, check=False
        )

    @property
    def terminal(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def sign_up(self) -> httpx.Response:
        return httpx.post(f"{self.url}/api/v1/auth/register", json=ADA, timeout=10)

    @property
    def services(self) -> dict[str, str]:
        services: dict[str, str] = json.loads((self.directory / "var" / "services.json").read_text())
        return services

    def kill(self, service: str) -> None:
        """Kill Postgres or Valkey, as the kernel does if memory runs out."""
        os.kill(self._postgres_pid() if service == "Postgres" else self._valkey_pid(), signal.SIGKILL)

    def _postgres_pid(self) -> int:
        """The parent of the process that serves this connection."""
        with psycopg.connect(self.services["DATABASE_URL"]) as connection:
            stat = Path(f"/proc/{connection.info.backend_pid}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[1])

    def _valkey_pid(self) -> int:
        with redis.Redis.from_url(self.services["REDIS_URL"]) as client:
            pid: int = client.info("server")["process_id"]
        return pid

    def processes(self) -> list[str]:
        """The command lines of all processes that work in this directory, or for it."""
        listing = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True)
        return [line for line in listing.stdout.splitlines() if str(self.directory) in self._described(line)]

    def _described(self, line: str) -> str:
        pid, _, command = line.strip().partition(" ")
        try:
            return f"{command} {Path(f'/proc/{pid}/cwd').readlink()}"
        except OSError:  # the process has just ended
            return ""

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        eventually(lambda: not self.processes(), within=20)


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Dev]:
    with ended(Dev(tmp_path)) as dev:
        yield dev


@pytest.fixture(scope="module")
def running_dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """For the tests that leave it as it is."""
    with ended(Dev(tmp_path_factory.mktemp("dev"))) as dev:
        dev.start()
        yield dev


@contextmanager
def ended(dev: Dev) -> Iterator[Dev]:
    try:
        yield dev
    finally:
        dev.stop()


def test_serves_sign_ups_and_shows_each_mail(dev: Dev) -> None:
    dev.start()
    assert dev.sign_up().status_code == 201

    eventually(lambda: "mail   | var/mail/welcome-" in dev.terminal, within=25)
    [mail] = (dev.directory / "var" / "mail").glob("*.eml")
    assert "To: ada@example.com" in mail.read_text()
    eventually(lambda: DONE.search(dev.terminal) is not None, within=25)
    assert dev.url in mail.read_text()
    assert dev.terminal.count("/readyz") <= 3  # on the screen, and once or twice asked for
    assert "\x1b" not in dev.terminal
    links = re.findall(r"^    \w+ +(http\S+)$", dev.terminal, re.MULTILINE)
    found = {link.removeprefix(dev.url): httpx.get(link).status_code for link in links}
    assert list(found) == ["/", "/api/v1/swagger", "/dashboard", "/dev/mails", "/readyz"]
    assert found.pop("/dashboard") == 303  # to the log-in
    assert set(found.values()) == {200}
    assert "Welcome to PyHexaClean" in httpx.get(f"{dev.url}/dev/mails").text


@pytest.mark.long
def test_starts_a_service_again_that_has_died_and_gives_up_in_the_end(dev: Dev) -> None:
    running = dev.start()

    dev.kill("Postgres")
    eventually(lambda: "Postgres was killed by SIGKILL: restarting..." in dev.terminal, within=25)
    eventually(lambda: "Postgres is up again." in dev.terminal, within=35)
    for death in (1, 2):
        dev.kill("Valkey")
        eventually(lambda: dev.terminal.count("Valkey is up again.") == death, within=20)  # noqa: B023 - at once
    eventually(lambda: dev.sign_up().status_code == 201, within=10)
    eventually(lambda: "mail   | var/mail/welcome-" in dev.terminal, within=20)
    dev.kill("Valkey")

    assert running.wait(30) == 1
    assert "make run: Valkey was killed by SIGKILL, for the 3rd time within a minute" in dev.terminal
    eventually(lambda: dev.processes() == [], within=25)


def test_shows_a_curl_line_that_signs_up(running_dev: Dev) -> None:
    line = running_dev.terminal[running_dev.terminal.index("curl -s") :].partition("\n\n")[0]

    answer = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=10, check=True)

    assert '"success":true' in answer.stdout


@pytest.mark.long
def test_keeps_its_data_and_the_password_of_its_admin_from_one_run_to_the_next(dev: Dev) -> None:
    first = dev.start()
    assert "Admin      admin@example.com, password in var/admin-password" in dev.terminal
    file = dev.directory / "var" / "admin-password"
    password = file.read_text()
    assert dev.sign_up().status_code == 201
    first.send_signal(signal.SIGINT)
    assert first.wait(30) == 0

    dev.start()

    assert dev.sign_up().status_code == 409
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == password
    assert password not in dev.terminal
    assert roles_seen_by_admin(dev, password) == ["admin", "user"]


def roles_seen_by_admin(dev: Dev, password: str) -> list[str]:
    logged_in = httpx.post(
        f"{dev.url}/api/v1/auth/login",
        json={"email": "admin@example.com", "password": password},
        timeout=10,
    )
    token = logged_in.json()["data"]["token"]
    users = httpx.get(
        f"{dev.url}/api/v1/admin/users", headers={"Authorization": f"Bearer {token}"}, timeout=10
    )
    return sorted(user["role"] for user in users.json()["data"])


@pytest.mark.long
@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda process: process.send_signal(signal.SIGINT), id="SIGINT"),
        pytest.param(lambda process: process.send_signal(signal.SIGTERM), id="SIGTERM"),
        pytest.param(lambda process: process.kill(), id="SIGKILL"),
    ],
)
def test_leaves_no_process_behind(dev: Dev, end: Callable[["subprocess.Popen[bytes]"], None]) -> None:
    process = dev.start()
    assert len(dev.processes()) >= 5

    end(process)
    process.wait(30)

    eventually(lambda: dev.processes() == [], within=20)


@pytest.mark.long
@pytest.mark.parametrize("later", [0, 1, 2], ids="after {} s".format)
def test_stops_in_order_also_while_it_is_starting(dev: Dev, later: float) -> None:
    process = dev.start(until="Starting Postgres")
    time.sleep(later)

    process.send_signal(signal.SIGINT)

    assert process.wait(30) == 0, dev.terminal
    assert dev.terminal.endswith("Stopped.\n")
    eventually(lambda: dev.processes() == [], within=25)
    dev.start()


@pytest.mark.long
def test_starts_again_at_once_after_it_was_killed(dev: Dev) -> None:
    first = dev.start()
    first.kill()
    first.wait()

    started = time.monotonic()
    dev.start()

    assert dev.sign_up().status_code == 201
    assert time.monotonic() - started < 30


def test_runs_once_in_a_directory(running_dev: Dev) -> None:
    second = running_dev.run("cmd.dev")

    assert second.returncode == 1
    assert second.stderr == "make run: it already runs in this directory\n"


def test_says_that_its_port_is_in_use(dev: Dev) -> None:
    with socket.create_server(("127.0.0.1", dev.port)):
        result = dev.run("cmd.dev")

    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert f"port {dev.port}" in line


def test_other_processes_attach_to_its_services(running_dev: Dev) -> None:

    ping = running_dev.run("cmd.admin", "worker", "ping")

    assert ping.returncode == 0


def test_processes_that_find_no_services_name_make_run(dev: Dev) -> None:
    if _anything_on(5432) and _anything_on(6379):
        pytest.skip("this machine runs Postgres and Redis on the ports of the compose file")

    for module in ("cmd.server", "cmd.worker"):
        result = dev.run(module)

        assert result.returncode == 1
        [line] = result.stderr.splitlines()
        assert "`make run`" in line


def _anything_on(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
