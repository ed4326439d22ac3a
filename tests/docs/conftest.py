from pathlib import Path

import pytest

from tests.support.program_copy import Copy


@pytest.fixture
def env(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "APP_ENV": "test",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MAIL_URL": (tmp_path / "mail").as_uri(),
        "LOG_FORMAT": "json",
    }


@pytest.fixture
def copy(env: dict[str, str], tmp_path: Path) -> Copy:
    root = tmp_path / "copy"
    root.mkdir()
    return Copy(root, env)
