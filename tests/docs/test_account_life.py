"""docs/http-api.md takes a new user through the whole life of an account, by curl."""

from pathlib import Path

import psycopg

from tests.support.documented_examples import ROOT, blocks
from tests.support.documented_shell import shell_beside_a_server

BLOCKS = blocks(ROOT / "docs" / "http-api.md")
STEPS = [
    BLOCKS["life_functions"],
    BLOCKS["life_sign_up"],
    BLOCKS["life_refresh"],
    BLOCKS["life_credentials"],
    BLOCKS["life_reset"],
    BLOCKS["life_sessions"],
    BLOCKS["life_end"],
]


def test_every_step_works_as_shown(database_url: str, redis_url: str, tmp_path: Path) -> None:
    with shell_beside_a_server(tmp_path, database_url=database_url, redis_url=redis_url) as shell:
        answers = shell.run("\n".join(STEPS))

    assert '"name":"Grace Hopper"' in answers
    assert answers.count('"success":true') == answers.count('"success":') >= 12
    kinds = {file.name.rpartition("-")[0].split("-")[0] for file in (tmp_path / "var" / "mail").glob("*.eml")}
    assert {"welcome", "password", "email"} <= kinds
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
