from pathlib import Path, PurePosixPath

import pytest

from tests.support.image.build_context import DockerIgnore, UnknownSyntax, export_context
from tests.support.image.compose import ROOT

INSIDE = {
    "cmd/server.py",
    "internal/domain/user.py",
    "internal/infrastructure/email/templates/welcome.html",
    "pyproject.toml",
    "requirements/runtime.txt",
}
OUTSIDE = {
    ".env",
    ".git/config",
    ".venv/pyvenv.cfg",
    "Dockerfile",
    "cmd/__pycache__/server.cpython-313.pyc",
    "docs/index.md",
    "cmd/.env",
    "internal/.env.production",
    "internal/infrastructure/production.env",
    "internal/infrastructure/production.env.bak",
    "internal/infrastructure/.git/config",
    "internal/infrastructure/email/tls.key",
    "internal/infrastructure/email/tls.p12",
    "internal/infrastructure/email/tls.pfx",
    "internal/infrastructure/email/tls.pem",
    "internal/domain/stale.pyc",
    "requirements/dev.txt",
    "requirements/operator.txt",
    "tests/conftest.py",
    "var/services.json",
}


def test_only_what_the_dockerfile_copies_is_sent_to_a_build(tmp_path: Path) -> None:
    tree, context = tmp_path / "tree", tmp_path / "context"
    for name in INSIDE | OUTSIDE:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).touch()
    (tree / ".dockerignore").write_text((ROOT / ".dockerignore").read_text())

    export_context(tree, context)

    assert {str(path.relative_to(context)) for path in context.rglob("*") if path.is_file()} == INSIDE


@pytest.mark.parametrize(
    ("patterns", "path", "excluded"),
    [
        ("*", "a/b", True),
        ("*\n!a", "a/b", False),
        ("*\n!a/b", "a/c", True),
        ("!a\n*", "a", True),
        ("**/*.py[co]", "a.pyc", True),
        ("**/*.py[co]", "a/b/c.pyo", True),
        ("**/*.py[co]", "a.py", False),
        ("?.md", "a/b.md", False),
        ("# a comment", "a", False),
    ],
)
def test_patterns_match_as_docker_documents_them(patterns: str, path: str, excluded: bool) -> None:  # noqa: FBT001 - a parameter of the table above
    assert DockerIgnore(patterns).excludes(PurePosixPath(path)) is excluded


def test_a_pattern_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(UnknownSyntax):
        DockerIgnore(r"a\*b")
