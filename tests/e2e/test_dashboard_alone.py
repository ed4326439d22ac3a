"""`cmd.dashboard` as a process: beside the server, without its services, and when it is told to stop."""

import signal
import socket

import httpx
import pytest

from internal.infrastructure.embedded.process import free_port
from tests.support.polling import eventually
from tests.support.system import NO_CERTIFICATES, STARTS_WITHIN, System

ABSENT = {"DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c", "REDIS_URL": "redis://127.0.0.1:1/0"}


class Dashboard:
    def __init__(self, system: System) -> None:
        self._system = system
        self.port = free_port()
        self.private_port = free_port()

    @property
    def env(self) -> dict[str, str]:
        own = f"http://127.0.0.1:{self.port}/ops"
        ports = {"DASHBOARD_PORT": str(self.port), "PRIVATE_PORT": str(self.private_port)}
        return {**ports, "DASHBOARD_URL": own}

    def get(self, path: str, *, port: int | None = None) -> httpx.Response:
        url = f"http://127.0.0.1:{port or self.port}{path}"
        return httpx.get(url, timeout=10, verify=NO_CERTIFICATES)

    def is_live(self) -> bool:
        try:
            return self.get("/livez", port=self.private_port).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def dashboard(system: System) -> Dashboard:
    return Dashboard(system)


def test_serves_the_dashboard_beside_a_server_until_it_is_told_to_stop(
    system: System, dashboard: Dashboard
) -> None:
    system.start_server(DASHBOARD="false")
    process = system.start("cmd.dashboard", **dashboard.env)
    eventually(dashboard.is_live, within=STARTS_WITHIN)

    ready = dashboard.get("/readyz", port=dashboard.private_port)
    paths = ["/ops/log-in", "/ops/api/v1/health", "/log-in", "/ops/sign-up"]
    found = [dashboard.get(path).status_code for path in paths]
    asked = system.run("cmd.admin", "server", "ping", "--ready", **dashboard.env)
    process.send_signal(signal.SIGTERM)

    assert ready.json()["status"] == "ok"
    assert found == [200, 404, 404, 404]
    assert system.get("/dashboard").status_code == 404
    assert asked.returncode == 0
    assert process.wait(timeout=15) == 0
    assert "Traceback" not in system.log("cmd.dashboard")


@pytest.mark.long
def test_starts_without_its_services_and_says_so(system: System, dashboard: Dashboard) -> None:
    system.start("cmd.dashboard", **dashboard.env, **ABSENT)
    eventually(dashboard.is_live, within=STARTS_WITHIN)

    assert dashboard.get("/readyz", port=dashboard.private_port).status_code == 503
    assert dashboard.get("/ops/log-in").status_code == 200


@pytest.mark.long
def test_says_in_one_line_that_its_port_is_in_use(system: System, dashboard: Dashboard) -> None:
    with socket.create_server(("127.0.0.1", dashboard.port)):
        result = system.run("cmd.dashboard", **dashboard.env)

    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith(f"cmd.dashboard: cannot listen on 127.0.0.1 port {dashboard.port} ")
    assert "DASHBOARD_PORT" in line


@pytest.mark.long
@pytest.mark.parametrize("path", ["/ops?x=1", "/a/../b", "/%2e%2e", "/a b", "/a//b"])
def test_refuses_an_address_with_a_path_that_is_not_plain(system: System, path: str) -> None:
    result = system.run("cmd.dashboard", DASHBOARD_URL=f"https://ops.example.com{path}")

    assert result.returncode == 2
    assert result.stderr.startswith("cmd.dashboard: DASHBOARD_URL: must ")
