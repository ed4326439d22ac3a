"""Builds the image without an engine: its stages are directories, its COPY and RUN steps really happen."""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from string import Template

from tests.support.image.dockerfile import Instruction, UnknownInstruction
from tests.support.image.namespaces import ROOT_USER, command_in

# The official Python image's. What else it holds, the machine lends: see enter.sh.
BASE_IMAGE = "python:"
BASE_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"}
BASE_WORKDIR = PurePosixPath("/")


@dataclass(slots=True, kw_only=True)
class Stage:
    """A stage so far; under `root` is what it adds to the base image."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: dict(BASE_ENVIRONMENT))
    workdir: PurePosixPath = BASE_WORKDIR
    user: str = ROOT_USER
    healthcheck: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def path(self, inside: str) -> Path:
        return self.root / (self.workdir / inside).relative_to("/")


class Replay:
    def __init__(self, *, context: Path, directory: Path) -> None:
        self._context = context
        self._directory = directory
        self._stages: dict[str, Stage] = {}

    def run(self, instructions: Iterable[Instruction]) -> Stage:
        """Replay every stage and return the last one.

        Raises:
            CalledProcessError: a RUN step failed; its output is the test's.
        """
        stage: Stage | None = None
        for instruction in instructions:
            if instruction.name == "FROM":
                stage = self._begin(instruction.arguments)
            elif stage is None:
                raise UnknownInstruction(f"{instruction.name} before FROM")
            else:
                self._apply(instruction, stage)
        if stage is None:
            raise UnknownInstruction("a Dockerfile without FROM")
        return stage

    def _begin(self, arguments: str) -> Stage:
        base, *alias = arguments.split()
        root = self._directory / str(len(self._stages))
        if base in self._stages:
            parent = self._stages[base]
            shutil.copytree(parent.root, root, symlinks=True)
            stage = Stage(root=root, environment=dict(parent.environment), workdir=parent.workdir)
        elif base.startswith(BASE_IMAGE):
            root.mkdir()
            stage = Stage(root=root)
        else:
            raise UnknownInstruction(f"FROM {base}")
        self._stages[alias[-1] if alias else str(len(self._stages))] = stage
        return stage

    def _apply(self, instruction: Instruction, stage: Stage) -> None:
        match instruction.name:
            case "WORKDIR":
                stage.workdir /= instruction.arguments
                stage.path(".").mkdir(parents=True, exist_ok=True)
            case "COPY":
                self._copy(instruction, stage)
            case "RUN":
                _run(instruction.arguments, stage)
            case "ENV":
                stage.environment |= _assignments(instruction.arguments, stage.environment)
            case "USER":
                stage.user = instruction.arguments
            case "HEALTHCHECK":
                stage.healthcheck = _exec_form(instruction.arguments.removeprefix("CMD"))
            case "CMD":
                stage.command = _exec_form(instruction.arguments)
            case "EXPOSE":
                pass  # it documents a port; no port is published here
            case _:
                raise UnknownInstruction(instruction.name)

    def _copy(self, instruction: Instruction, stage: Stage) -> None:
        *sources, target = instruction.arguments.split()
        other = instruction.flags.get("from")
        tree = self._stages[other].root if other else self._context
        destination = stage.path(target)
        for name in sources:
            source = tree / name.lstrip("/")
            if source.is_dir():
                shutil.copytree(source, destination, symlinks=True, dirs_exist_ok=True)
            else:
                into = target.endswith("/") or destination.is_dir()
                file = destination / source.name if into else destination
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, file)


def _run(shell_command: str, stage: Stage) -> None:
    subprocess.run(
        command_in(
            stage.root,
            ["/bin/sh", "-c", shell_command],
            user=stage.user,
            workdir=str(stage.workdir),
            hostname="build",
            read_only=False,
        ),
        env=stage.environment | _ways_to_the_package_index(),
        check=True,
    )


def _ways_to_the_package_index() -> dict[str, str]:
    """Which index, by which proxy, trusted by which certificates: the machine's business, not the image's."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "SSL_CERT_")) or name.lower().endswith("_proxy")
    }


def _assignments(arguments: str, environment: Mapping[str, str]) -> dict[str, str]:
    pairs = (assignment.partition("=") for assignment in shlex.split(arguments))
    return {name: Template(value).substitute(environment) for name, _, value in pairs}


def _exec_form(arguments: str) -> list[str]:
    command: list[str] = json.loads(arguments)
    return command
