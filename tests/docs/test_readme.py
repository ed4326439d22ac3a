"""README.md: it is short, its figures are measured, its commands work and its code is the program's."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.documented_examples import README, ROOT, blocks
from tests.support.documented_shell import Shell, shell_beside_a_server
from tests.support.polling import eventually

TEXT = README.read_text()
BLOCKS = blocks(README)
MOST_WORDS = 1300


@pytest.fixture
def shell(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Shell]:
    with shell_beside_a_server(tmp_path, database_url=database_url, redis_url=redis_url) as shell:
        yield shell


def shape(value: Any) -> Any:
    """Return the keys at every level."""
    return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else None


def without_spaces(text: str) -> str:
    return "".join(text.split())


def test_it_is_short() -> None:
    assert len(TEXT.split()) <= MOST_WORDS


def test_every_figure_is_in_the_document_that_its_point_links() -> None:
    intro, _, _ = TEXT.partition("\n## ")
    points = re.findall(r"^- (.*?)(?=\n- |\n*\Z)", intro, re.MULTILINE | re.DOTALL)

    assert len(points) == 5
    for point in points:
        [figure] = re.findall(r"\*\*([\d.,]+(?: \w+)?)\*\*", point)
        linked = [(README.parent / name).read_text() for name in re.findall(r"\]\(([\w/.-]+\.md)\)", point)]
        assert any(re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d])", text) for text in linked), figure


def test_the_sign_up_works_as_shown(shell: Shell, tmp_path: Path) -> None:
    signed_up = json.loads(shell.run(BLOCKS["sign_up"]))
    eventually(lambda: any((tmp_path / "var" / "mail").glob("welcome-*.eml")), within=20)
    mail = shell.run(BLOCKS["mail"])
    me = json.loads(shell.run(BLOCKS["log_in"]))

    shown = json.loads(BLOCKS["signed_up"])
    assert shape(signed_up) == shape(shown)
    assert signed_up["message"] == shown["message"]
    assert "To: ada@example.com" in mail
    assert me["data"] == signed_up["data"]["user"]


@pytest.mark.parametrize("name", ["task", "publish"])
def test_its_code_is_the_programs(name: str) -> None:
    sources = [without_spaces(path.read_text()) for path in (ROOT / "internal/application").rglob("*.py")]
    lines = [without_spaces(line) for line in BLOCKS[name].splitlines()]

    whole = [text for text in sources if all(line in text for line in lines)]

    assert len(whole) == 1


def test_the_layout_is_that_of_the_repository() -> None:
    parent = ROOT
    for line in BLOCKS["layout"].splitlines():
        places = re.findall(r"(\S+)/(?= )", line)
        assert places, line
        parent = parent if line.startswith(" ") else ROOT
        assert all((parent / place).is_dir() for place in places), line
        if not line.startswith(" "):
            parent = ROOT / places[0]
