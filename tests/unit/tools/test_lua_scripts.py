from pathlib import Path

import pytest

from internal.infrastructure.taskqueue.protocol.scripts import Script
from tools import lua_scripts

SCRIPTS = lua_scripts.all_scripts()
IN_KEYS = "local prefix ="


def line_of(script: Script, beginning: str) -> int:
    lines = script.source.split("\n")
    return next(number for number, line in enumerate(lines, start=1) if line.startswith(beginning))


def warning(script: Script, beginning: str, code: str = "W211") -> str:
    return f"{script.name}.lua:{line_of(script, beginning)}:1: ({code}) odd"


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_every_line_of_a_script_is_found_in_its_file(script: Script) -> None:
    for number, line in enumerate(script.source.split("\n"), start=1):
        file, place = lua_scripts.position_in_source(script, number)

        assert script.parts[file].split("\n")[place - 1] == line


def test_a_shared_function_may_be_unused_in_some_scripts() -> None:
    output = warning(SCRIPTS["broker/size"], IN_KEYS)

    assert lua_scripts.findings(output, SCRIPTS) == []


def test_a_shared_function_that_no_script_uses_is_reported_once() -> None:
    with_keys = [script for script in SCRIPTS.values() if "shared/keys" in script.parts]
    output = "\n".join(warning(script, IN_KEYS) for script in with_keys)

    [found] = lua_scripts.findings(output, SCRIPTS)

    line = line_of(SCRIPTS["broker/size"], IN_KEYS) - 1
    assert str(found) == f"internal/infrastructure/taskqueue/protocol/lua/shared/keys.lua:{line}: (W211) odd"


def test_other_warnings_about_a_shared_file_are_reported_once() -> None:
    output = "\n".join(
        warning(SCRIPTS[name], IN_KEYS, code="W113") for name in ("broker/size", "broker/flush")
    )

    assert [found.code for found in lua_scripts.findings(output, SCRIPTS)] == ["W113"]


def test_every_file_is_part_of_a_script() -> None:
    assert lua_scripts.unused_files(SCRIPTS.values()) == []


def test_says_which_check_is_skipped_and_does_not_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(lua_scripts, "STYLUA", tmp_path / "stylua")

    exit_code = lua_scripts.main([])

    assert exit_code == 0
    assert capsys.readouterr().out.splitlines() == [lua_scripts.NO_LUACHECK, lua_scripts.NO_STYLUA]
