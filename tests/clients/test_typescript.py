"""A typed program on openapi-fetch, with the types that openapi-typescript makes of the OpenAPI document."""

import shutil
from pathlib import Path

import pytest

from tests.support.clients.tools import TOOLS, run

# A generator, a compiler and a program run one after the other.
pytestmark = pytest.mark.timeout(600)

PROGRAM = Path(__file__).parent / "typescript"
PACKAGES = TOOLS / "node_modules"


@pytest.fixture
def project(tmp_path: Path, document: Path) -> Path:
    if not shutil.which("node") or not (PACKAGES / ".bin" / "tsc").exists():
        pytest.skip("needs Node and the packages of tests/clients/typescript, which npm could not install")
    folder = tmp_path / "typescript"
    shutil.copytree(PROGRAM, folder)
    (folder / "node_modules").symlink_to(PACKAGES)
    run([PACKAGES / ".bin" / "openapi-typescript", document, "--output", folder / "account_api.d.ts"])
    return folder


def test_the_types_compile_and_a_program_lives_with_them(project: Path, url: str) -> None:
    run([PACKAGES / ".bin" / "tsc", "--project", project])

    run(["node", project / "built" / "life.js", url])
