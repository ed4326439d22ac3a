"""docs/task-engine.md: it describes every script, and names classes and keys that exist."""

import re

from tests.support.documented_examples import ROOT, TASK_ENGINE, table

ENGINE = ROOT / "internal" / "infrastructure" / "taskqueue"
SCRIPTS = sorted((ENGINE / "protocol" / "lua").rglob("*.lua"))
LUA = "".join(path.read_text() for path in SCRIPTS)
PYTHON = "".join(path.read_text() for path in ENGINE.rglob("*.py"))


def named(table_name: str, *, column: int = 0) -> list[str]:
    return [name for row in table(TASK_ENGINE, table_name) for name in re.findall(r"`(\w+)`", row[column])]


def test_it_describes_every_script_once() -> None:
    scripts = [path.stem for path in SCRIPTS if path.read_text().startswith("#!lua")]

    assert sorted(named("scripts")) == sorted(scripts)


def test_its_transitions_name_scripts() -> None:
    assert set(named("transitions", column=1)) <= set(named("scripts"))


def test_its_classes_exist() -> None:
    assert [
        name for name in named("classes") if not re.search(rf"^class {name}\b", PYTHON, re.MULTILINE)
    ] == []


def test_its_keys_exist() -> None:
    cells = " ".join(row[0] for name in ("queue_keys", "shared_keys") for row in table(TASK_ENGINE, name))
    parts = set(re.findall(r"(?<!<)\b([a-z]{4,})\b(?!>)", cells)) - {"channel"}

    assert len(parts) > 20
    assert {part for part in parts if not re.search(rf"['\":]{part}\b", LUA + PYTHON)} == set()
