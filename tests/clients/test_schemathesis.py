"""Schemathesis makes requests of the OpenAPI document, follows its links, and checks every answer."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from secrets import randbelow
from typing import Any

import pytest

from internal.domain.role import Role
from tests.support.clients.token_desk import TokenDesk
from tests.support.clients.tools import run
from tests.support.system import System

CONFIG = Path(__file__).with_name("schemathesis.toml")
# Ada and Grace are the peers of the configuration. The others do what users may not.
PEOPLE = {"ada": Role.USER, "grace": Role.USER, "viewer": Role.VIEWER, "admin": Role.ADMIN}
SEED = 20261130
# `make fuzz-api` sets both. Otherwise each run makes the same requests.
SECONDS = int(os.environ.get("FUZZ_SECONDS", "0"))
FUZZ_SEED = os.environ.get("FUZZ_SEED") or str(randbelow(2**32) if SECONDS else SEED)


@pytest.mark.timeout(SECONDS + 600)
def test_every_answer_is_as_documented(tools: Path, system: System, url: str, tmp_path: Path) -> None:
    desk = TokenDesk(api=f"{url}/api/v1", database_url=system.env["DATABASE_URL"])
    people = tmp_path / "people.json"

    with desk.open() as desk_url:
        people.write_text(json.dumps({"auth": [entry(desk_url, *person) for person in PEOPLE.items()]}))
        report = run(
            [
                *(tools / "schemathesis", "--config-file", CONFIG, "run", f"{url}/api/v1/swagger/spec"),
                *("--checks", "all", "--seed", FUZZ_SEED, "--no-color"),
                *(("--max-time", str(SECONDS)) if SECONDS else ()),
            ],
            within=SECONDS + 500,
            AUTH=str(people),
        )

    print(report)  # noqa: T201 - `make fuzz-api` shows it
    assert "http.unexpected_error" not in system.log("cmd.server")


def entry(desk_url: str, name: str, role: Role) -> Mapping[str, Any]:
    """How to log in as somebody, as Web Fuzzing Commons describes it."""
    token = {
        "extractFrom": "body",
        "extractSelector": "/token",
        "sendIn": "header",
        "sendName": "Authorization",
        "sendTemplate": "Bearer {token}",
    }
    login = {"verb": "POST", "externalEndpointURL": f"{desk_url}/{role}", "token": token}
    return {"name": name, "loginEndpointAuth": login}
