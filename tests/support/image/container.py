import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from internal.infrastructure.embedded.process import spawn
from tests.support.image.namespaces import command_in
from tests.support.image.replay import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A service on a replayed image: as the image's user, on a read-only root, in no other environment."""

    image: Stage
    environment: Mapping[str, str]
    hostname: str
    scratch: Path | None = None  # the /tmp that all its processes share

    def start(self, command: Sequence[str], *, log: Path) -> "subprocess.Popen[bytes]":
        return spawn(self._inside(command), env=self._environment, log=log)

    def run(
        self, command: Sequence[str], *, within: float, user: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command beside what was started, as `docker exec` does; `within` seconds."""
        return subprocess.run(
            self._inside(command, user=user),
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )

    def wait_until_passes(self, check: Sequence[str], *, within: float) -> None:
        deadline = time.monotonic() + within
        result = self.run(check, within=within)
        while result.returncode != 0:
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.hostname} is not healthy: {result.stdout}{result.stderr}")
            time.sleep(0.2)
            result = self.run(check, within=within)

    @property
    def _environment(self) -> dict[str, str]:
        # An engine takes the home directory from /etc/passwd, which does not list the image's user.
        return {**self.image.environment, "HOME": "/", **self.environment}

    def _inside(self, command: Sequence[str], *, user: str | None = None) -> list[str | Path]:
        return command_in(
            self.image.root,
            command,
            user=user or self.image.user,
            workdir=str(self.image.workdir),
            hostname=self.hostname,
            read_only=True,
            scratch=self.scratch,
        )
