"""`make check` lints the SQL of the migrations, and refuses what an older version would not survive."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from alembic import command

from internal.infrastructure.database.schema import alembic_config

ROOT = Path(__file__).parents[3]
REFUSED = {
    "ALTER TABLE users DROP COLUMN name": "ban-drop-column",
    "DROP TABLE users": "ban-drop-table",
    "ALTER TABLE users RENAME COLUMN name TO full_name": "renaming-column",
    "ALTER TABLE users RENAME TO people": "renaming-table",
    "ALTER TABLE users ADD COLUMN title text NOT NULL": "adding-required-field",
    "ALTER TABLE users ALTER COLUMN name SET NOT NULL": "adding-not-nullable-field",
    "ALTER TABLE users ALTER COLUMN name TYPE varchar(50)": "changing-column-type",
    "CREATE INDEX ix_users_name ON users (name)": "require-concurrent-index-creation",
    "DROP INDEX uq_users_email": "require-concurrent-index-deletion",
}


@pytest.fixture(scope="module")
def script() -> str:
    """All migrations, as `make check` writes them."""
    config = alembic_config()
    config.output_buffer = StringIO()
    command.upgrade(config, "head", sql=True)
    return config.output_buffer.getvalue()


def lint(sql: str) -> list[str]:
    found = subprocess.run(
        [
            Path(sys.executable).with_name("squawk"),
            "--reporter",
            "json",
            "--stdin-filepath",
            "migrations.sql",
        ],
        input=sql,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    rules = [problem["rule_name"] for problem in json.loads(found.stdout)]
    assert found.returncode == bool(rules), found.stderr
    return rules


def test_finds_nothing_in_the_migrations(script: str) -> None:
    assert lint(script) == []


@pytest.mark.parametrize(("statement", "rule"), REFUSED.items(), ids=REFUSED.values())
def test_refuses_a_migration_that_an_older_version_does_not_survive(
    script: str, statement: str, rule: str
) -> None:
    assert lint(f"{script}\nBEGIN;\n{statement};\nCOMMIT;") == [rule]


def test_a_migration_that_contracts_may_exempt_a_statement(script: str) -> None:
    exempt = "-- squawk-ignore ban-drop-column\nALTER TABLE users DROP COLUMN name"

    assert lint(f"{script}\nBEGIN;\n{exempt};\nCOMMIT;") == []


def test_refuses_a_migration_that_may_have_everybody_wait(script: str) -> None:
    unlimited = "\n".join(line for line in script.splitlines() if "lock_timeout" not in line)

    assert set(lint(unlimited)) == {"require-lock-timeout"}
