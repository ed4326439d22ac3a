"""Shell examples, with a stand-in for psql, which a machine need not have."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PSQL = """\
import sys
import psycopg
url, option, statement = sys.argv[1:]
assert option == "-c"
with psycopg.connect(url) as connection:
    print(connection.execute(statement).statusmessage)
"""


class Shell:
    def __init__(self, directory: Path, env: Mapping[str, str]) -> None:
        program = directory / "psql"
        program.write_text(f"#!{sys.executable}\n{PSQL}")
        program.chmod(0o755)
        self._env = {**env, "PATH": f"{directory}:{os.environ['PATH']}"}

    def run(self, script: str, **variables: str) -> str:
        """Run a script and return what it says."""
        completed = subprocess.run(
            ["sh", "-euc", script],
            env={**self._env, **variables},
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return completed.stdout
