"""Clients that are generated from the OpenAPI document import, have types, and live through an account."""

import sys
from pathlib import Path

import pytest

from tests.support.clients.tools import run

# A generator, a type checker and a program run one after the other.
pytestmark = pytest.mark.timeout(600)

PROGRAMS = Path(__file__).parent / "programs"


def test_datamodel_codegen_makes_one_file_of_models(tools: Path, document: Path, url: str) -> None:
    models = document.with_name("account_models.py")

    run(
        [
            tools / "datamodel-codegen",
            *("--input", document, "--input-file-type", "openapi", "--output", models),
            *("--output-model-type", "pydantic_v2.BaseModel", "--use-annotated", "--formatters", "builtin"),
        ]
    )

    live(tools, "life_with_models.py", url, path=models.parent)


def test_openapi_python_client_makes_a_client(tools: Path, document: Path, url: str) -> None:
    client = document.with_name("account_client")

    run(
        [
            tools / "openapi-python-client",
            *("generate", "--path", document, "--output-path", client, "--meta", "none"),
            "--fail-on-warning",
        ],
        # It formats what it has generated.
        PATH=str(tools),
    )

    live(tools, "life_with_client.py", url, path=client.parent)


def live(tools: Path, program: str, url: str, *, path: Path) -> None:
    """Run the program with the generated modules at `path`, and check its types."""
    run([tools / "python", PROGRAMS / program, url], PYTHONPATH=str(path))
    run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", "--config-file", ""),
            *("--python-executable", tools / "python", "--cache-dir", path / "mypy", PROGRAMS / program),
        ],
        MYPYPATH=str(path),
    )
