"""What idle processes weigh, and what short commands cost.

`python -m benchmarks.weight` reads memory from /proc/<pid>/smaps_rollup. RSS counts all pages of a process.
PSS counts only its share of the pages that several processes use.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import START_WITHIN, Workers, await_quiet, running
from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude
from benchmarks.services import Services, running_services
from internal.infrastructure.embedded.process import free_port

SECONDS = 5  # that the processes are idle before they are weighed
KIB = 1024
PING = ("admin", "worker", "ping")
SERVER_PING = ("admin", "server", "ping", "--ready")


@dataclass(frozen=True, slots=True)
class Weight:
    """MiB of one process."""

    pss: float
    rss: float

    @classmethod
    def of(cls, pid: int) -> "Weight":
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {name: int(size) / KIB for name, size, *_ in map(str.split, lines)}
        return cls(pss=sizes["Pss:"], rss=sizes["Rss:"])


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one command."""

    cpu: float
    wall: float

    @classmethod
    def of(cls, *command: str) -> "Cost":
        began = time.monotonic()
        with subprocess.Popen(
            _python(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
        return cls(cpu=used.ru_utime + used.ru_stime, wall=time.monotonic() - began)


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, seconds=SECONDS)
    # Without bytecode on disk the short commands compile everything that they import.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with running_services() as services:
        os.environ |= {"HTTP_PORT": str(free_port()), "PRIVATE_PORT": str(free_port())}
        with _up(services, "worker", "--processes", "1", is_up=PING) as worker:
            supervisor, working = _weigh(worker, seconds=options.seconds)
            pings = [Cost.of(*PING) for _ in range(options.rounds)]
        with _up(services, "server", is_up=SERVER_PING) as server:
            serving = _weigh(server, seconds=options.seconds)
        helps = [Cost.of("admin", "--help") for _ in range(options.rounds)]
    conclude(
        [
            Figure("worker, the process that works: PSS", [working.pss], "MiB", Target(80)),
            Figure("worker, the process that works: RSS", [working.rss], "MiB", Target(95)),
            Figure("worker, its supervisor: PSS", [supervisor.pss], "MiB", Target(25)),
            Figure("worker, its supervisor: RSS", [supervisor.rss], "MiB"),
            Figure("server, all processes: PSS", [sum(each.pss for each in serving)], "MiB", Target(110)),
            Figure("admin --help: CPU", [cost.cpu for cost in helps], "s", Target(0.3)),
            Figure("admin worker ping: CPU", [cost.cpu for cost in pings], "s", Target(0.25)),
            Figure("admin worker ping: wall", [cost.wall for cost in pings], "s", Target(0.25)),
        ]
    )


@contextmanager
def _up(services: Services, *command: str, is_up: Sequence[str]) -> Iterator[Workers]:
    """Have a process run, once the command `is_up` has said so."""
    with running(_python(*command), log=services.directory / f"{command[0]}.log") as processes:
        deadline = time.monotonic() + START_WITHIN
        while subprocess.run(_python(*is_up), capture_output=True, check=False).returncode:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{command[0]} is not up after {START_WITHIN} s")
            time.sleep(0.5)
        await_quiet(processes)
        yield processes


def _weigh(processes: Workers, *, seconds: int) -> list[Weight]:
    """Each of them, parents first, after some seconds without work."""
    time.sleep(seconds)
    return [Weight.of(pid) for pid in sorted(processes.pids)]


def _python(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"cmd.{name}", *arguments]


if __name__ == "__main__":
    main()
