"""The instructions of our Dockerfile. One that it does not use is not understood, and is an error."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# What every instruction that is understood may be given.
FLAGS: dict[str, set[str]] = {
    "FROM": set(),
    "WORKDIR": set(),
    "COPY": {"from"},
    "RUN": set(),
    "ENV": set(),
    "USER": set(),
    "EXPOSE": set(),
    "HEALTHCHECK": {"interval", "timeout", "start-period", "retries"},
    "CMD": set(),
}


class UnknownInstruction(Exception):
    """The Dockerfile uses something that its replay does not cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    name: str
    flags: Mapping[str, str]
    arguments: str


def parse(text: str) -> list[Instruction]:
    """Read a Dockerfile.

    Raises:
        UnknownInstruction: it has an instruction or a flag that is not in FLAGS.
    """
    # As in Docker, a comment inside a continued instruction does not end it.
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [_instruction(line) for line in re.sub(r"\\\n", "", "\n".join(lines)).splitlines()]


def _instruction(line: str) -> Instruction:
    name, arguments = line.split(maxsplit=1)
    flags: dict[str, str] = {}
    while arguments.startswith("--"):
        flag, arguments = arguments.split(maxsplit=1)
        key, _, value = flag.removeprefix("--").partition("=")
        flags[key] = value
    if name not in FLAGS or not flags.keys() <= FLAGS[name]:
        raise UnknownInstruction(line)
    return Instruction(name=name, flags=flags, arguments=arguments)
