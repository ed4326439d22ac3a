"""The programs of `make test-clients`, and what they print if they fail."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
TOOLS = ROOT / ".venv" / "api-tools"


def run(command: Sequence[str | Path], *, within: float = 200, **env: str) -> str:
    """Run a program from the root of the repository. Raises AssertionError with its output if it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=within,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]}: exit code {done.returncode}\n{done.stdout}"
    return done.stdout
