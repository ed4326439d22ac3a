"""docs/grpc.md: its tables are those of the program, and its examples work."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from internal.domain.role import Permission
from internal.infrastructure.embedded.process import free_port
from internal.infrastructure.grpc.access import ACCESS
from internal.infrastructure.grpc.errors import STATUSES
from tests.support.documented_examples import README, ROOT, blocks, table
from tests.support.polling import eventually
from tests.support.system import STARTS_WITHIN, System

PAGE = ROOT / "docs" / "grpc.md"
HTTP_API = ROOT / "docs" / "http-api.md"
# OAuth 2 is a protocol over HTTP, and gRPC has a health service of its own.
ONLY_AT_HTTP = {"POST /api/v1/auth/token", "GET /api/v1/health"}
# What gRPC itself answers.
OF_GRPC = {grpc.StatusCode.UNIMPLEMENTED}

Run = Callable[[list[str], str], str]


def test_its_methods_are_those_of_the_program_with_their_rights() -> None:
    rights = {f"/{method.strip('`')}": right.strip("`") for method, right, _ in table(PAGE, "methods")}

    assert rights == {
        method: needed.value if isinstance(needed, Permission) else needed.name.lower().replace("_", " ")
        for method, needed in ACCESS.items()
    }


def test_every_route_of_the_api_has_a_method() -> None:
    routes = {route.strip("`") for route, *_ in table(HTTP_API, "routes")}
    api = {route for route in routes if " /api/" in route and "/swagger" not in route} - ONLY_AT_HTTP

    assert {route.strip("`") for *_, route in table(PAGE, "methods")} == api


def test_its_statuses_are_those_of_the_program() -> None:
    statuses = {status.strip("`") for status, *_ in table(PAGE, "statuses")}

    assert statuses == {status.name for status in STATUSES | OF_GRPC}


@pytest.fixture
def run(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Run]:
    """Runs a text of a document beside a server, which it expects at port 50051."""
    port = free_port()
    system = System(
        database_url=database_url, redis_url=redis_url, mail_url=(tmp_path / "mail").as_uri(), logs=tmp_path
    )

    def run(command: list[str], text: str) -> str:
        text = text.replace(":50051", f":{port}").replace(".venv/bin/", f"{Path(sys.executable).parent}/")
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
        done = subprocess.run(
            [*command, text], env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        system.start("cmd.grpc", GRPC_PORT=str(port))
        eventually(lambda: "grpc.started" in system.log("cmd.grpc"), within=STARTS_WITHIN)
        yield run
    finally:
        system.stop()


def test_its_examples_work(run: Run) -> None:
    examples = blocks(PAGE)

    signed_up = run(["bash", "-euo", "pipefail", "-c"], examples["sign_up"])
    name = run([sys.executable, "-c"], examples["client"])

    assert signed_up.count('"email": "grace@example.com"') == 2
    assert name == "Grace Hopper\n"


def test_the_sign_up_of_the_readme_works(run: Run) -> None:
    answer = run(["bash", "-euo", "pipefail", "-c"], blocks(README)["grpc_sign_up"])

    assert '"name": "Grace Hopper"' in answer
