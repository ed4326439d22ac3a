"""What processes do with the addresses that `make run` has left, whatever else listens on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from internal.infrastructure.embedded.process import free_port

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
SECRET = "hunter2"


class Checkout:
    """A directory in which `make run` has written down its services."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = directory / "var" / "services.json"
        self._file.parent.mkdir()

    def has_services(self, *, database_url: str, redis_url: str) -> None:
        self._file.write_text(json.dumps({"DATABASE_URL": database_url, "REDIS_URL": redis_url}))

    def run(self, *module_and_arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", *module_and_arguments],
            cwd=self._directory,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HTTP_PORT": str(free_port()), **env},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def dead_redis_url() -> str:
    return f"redis://:{SECRET}@127.0.0.1:{free_port()}/0"


@pytest.fixture
def dead_database_url() -> str:
    return f"postgresql://app:{SECRET}@127.0.0.1:{free_port()}/app"


@pytest.mark.parametrize(
    "command",
    [
        ["cmd.admin", "queue", "rm", "default", "--force", "--yes"],
        ["cmd.admin", "worker", "ping"],
        ["cmd.admin", "db", "migrate"],
        ["cmd.server"],
        ["cmd.worker"],
    ],
    ids=" ".join,
)
def test_services_that_have_gone_are_not_replaced_by_others(
    checkout: Checkout, dead_database_url: str, dead_redis_url: str, command: list[str]
) -> None:
    checkout.has_services(database_url=dead_database_url, redis_url=dead_redis_url)

    result = checkout.run(*command)

    assert (result.returncode, result.stdout) == (1, "")
    [line] = result.stderr.splitlines()
    assert "var/services.json" in line
    assert "`make run`" in line
    assert SECRET not in line


def test_services_that_run_are_used_and_named(checkout: Checkout, database_url: str, redis_url: str) -> None:
    checkout.has_services(database_url=database_url, redis_url=redis_url)

    listed = checkout.run("cmd.admin", "queue", "ls", "--json")

    assert (listed.returncode, json.loads(listed.stdout)) == (0, {"queues": []})
    [line] = listed.stderr.splitlines()
    for url in (database_url, redis_url):
        assert url.rpartition("@")[2] in line


@pytest.mark.parametrize("command", [["cmd.server"], ["cmd.worker"], ["cmd.admin", "stats"]])
def test_a_misspelt_name_is_told_beside_the_setting_that_is_missing(
    checkout: Checkout, command: list[str]
) -> None:
    refused = checkout.run(*command, APP_ENV="production", JWT_SECERT=SECRET)

    assert refused.returncode == 2
    assert "JWT_SECRET: must be random" in refused.stderr
    assert refused.stderr.count("JWT_SECERT is not a setting; did you mean JWT_SECRET?") == 1
    assert SECRET not in refused.stderr
