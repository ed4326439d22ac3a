"""CONTRIBUTING.md, "Add an endpoint", followed to the letter in a copy of the program."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest

from tests.support.documented_examples import CONTRIBUTING, ROOT, blocks

BLOCKS = blocks(CONTRIBUTING)
BOOTSTRAP = "internal/infrastructure/bootstrap"
USERS = "internal/infrastructure/http/users"
TESTS = [
    "tests/unit/application/users/test_count_member_days.py",
    "tests/integration/http/test_membership.py",
    "tests/architecture/test_layers.py",
]


class Copy:
    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("cmd", "internal", "tests", "pyproject.toml"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, root / name)

    def create(self, path: str, block: str) -> None:
        file = self.root / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(BLOCKS[block])

    def append(self, path: str, text: str, *, imports: str = "") -> None:
        file = self.root / path
        file.write_text(f"{imports}{file.read_text()}\n{text}")

    def run_tests(self, **env: str) -> None:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
        subprocess.run(command, env={**os.environ, **env}, cwd=self.root, check=True, timeout=110)


def in_class(block: str) -> str:
    return indent(BLOCKS[block], "    ")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    copy = Copy(tmp_path)
    copy.append("internal/domain/user.py", in_class("domain"))
    copy.create("internal/application/users/count_member_days.py", "use_case")
    copy.create("tests/unit/application/users/test_count_member_days.py", "unit_test")
    copy.append(f"{USERS}/schemas.py", BLOCKS["schema"])
    copy.append(
        f"{USERS}/controller.py",
        in_class("route"),
        imports="from internal.application.users.count_member_days import CountMemberDays\n"
        "from internal.application.users.count_member_days import CountMemberDaysCommand\n"
        "from internal.infrastructure.http.users.schemas import MembershipResponse\n",
    )
    copy.append(
        f"{BOOTSTRAP}/containers/users.py",
        in_class("container"),
        imports="from internal.application.users.count_member_days import CountMemberDays\n",
    )
    copy.create("tests/integration/http/test_membership.py", "http_test")
    return copy


@pytest.mark.long
def test_the_new_endpoint_works(copy: Copy, postgres: str, redis_url: str) -> None:
    copy.run_tests(TEST_DATABASE_URL=postgres, TEST_REDIS_URL=redis_url)
