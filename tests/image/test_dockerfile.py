import json
import re

import pytest

from tests.support.image.compose import ROOT
from tests.support.image.dockerfile import Instruction, UnknownInstruction, parse


def arguments_of(name: str) -> list[str]:
    instructions = parse((ROOT / "Dockerfile").read_text())
    return [instruction.arguments for instruction in instructions if instruction.name == name]


def test_the_base_image_has_a_version() -> None:
    base, *stages = arguments_of("FROM")

    assert re.fullmatch(r"python:3\.\d+-slim-\w+ AS base", base)
    assert all(stage.split()[0] == "base" for stage in stages)


def test_the_standard_library_is_compiled_before_anything_else() -> None:
    compiled, *_ = arguments_of("RUN")

    assert "compileall" in compiled
    assert 'get_path("stdlib")' in compiled


def test_no_argument_of_the_health_check_has_a_space() -> None:
    [command] = arguments_of("HEALTHCHECK")

    assert json.loads(command.removeprefix("CMD")) == ["python", "-m", "cmd.admin", "server", "ping"]


def test_the_user_is_a_number_and_not_root() -> None:
    assert arguments_of("USER") == ["65532:65532"]


def test_a_continued_instruction_is_one() -> None:
    instructions = parse('# first\nRUN a \\\n  # between\n  && b\nHEALTHCHECK --retries=3 CMD ["c"]\n')

    assert instructions == [
        Instruction(name="RUN", flags={}, arguments="a   && b"),
        Instruction(name="HEALTHCHECK", flags={"retries": "3"}, arguments='CMD ["c"]'),
    ]


@pytest.mark.parametrize("line", ["ADD a b", "COPY --chown=1:1 a b", "RUN --mount=type=secret a"])
def test_an_instruction_that_cannot_be_replayed_is_an_error(line: str) -> None:
    with pytest.raises(UnknownInstruction):
        parse(line)
