"""Runs the operator commands of a document in this process."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from string import Template

from typer.testing import CliRunner, Result

from internal.infrastructure.bootstrap.admin.run_admin import LocatedInstallation
from internal.infrastructure.cli.app import app

_COMMAND = ["python", "-m", "cmd.admin"]


class Admin:
    """`directory` holds the files that a command reads."""

    def __init__(self, env: Mapping[str, str], directory: Path) -> None:
        self._env = env
        self._directory = directory

    def run(self, block: str, **variables: str) -> str:
        """Run every line, require success, and return the output. Call it outside an event loop."""
        said = ""
        for line in block.splitlines():
            result = self._run(shlex.split(Template(line).substitute(variables)))
            assert result.exit_code == 0, (line, result.output)
            said += result.stdout
        return said

    def _run(self, words: list[str]) -> Result:
        assert words[:3] == _COMMAND, words
        arguments, text = words[3:], None
        if "<" in arguments:
            place = arguments.index("<")
            text = (self._directory / arguments[place + 1]).read_text()
            arguments = arguments[:place]
        env = {name: None for name in os.environ if name == "COLUMNS"} | dict(self._env)
        return CliRunner(env=env).invoke(
            app, arguments, input=text, obj=LocatedInstallation(), catch_exceptions=False
        )
