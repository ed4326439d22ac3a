"""Shell examples, with stand-ins for redis-cli and psql, which a machine need not have."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

REDIS_CLI = """\
import os, shlex, sys
import redis
arguments = sys.argv[1:]
if arguments[:1] == ["-u"]:
    arguments = arguments[2:]
lines = [arguments] if arguments else [shlex.split(line) for line in sys.stdin if line.strip()]
connection = redis.Redis.from_url(os.environ["REDIS_URL"], protocol=2).connection_pool.get_connection()
for line in lines:
    connection.send_command(*line)
    reply = connection.read_response()
    for item in reply if isinstance(reply, list) else [reply]:
        print(item.decode() if isinstance(item, bytes) else item)
"""
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
        for name, source in {"redis-cli": REDIS_CLI, "psql": PSQL}.items():
            program = directory / name
            program.write_text(f"#!{sys.executable}\n{source}")
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
