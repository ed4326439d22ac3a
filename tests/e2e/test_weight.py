"""The memory of idle processes. `make bench-weight` measures it; these bounds are generous."""

from pathlib import Path

import pytest

from tests.support.process_family import family_of
from tests.support.system import System

GENEROUS = 1.5
SUPERVISOR, WORKER, SERVER = 25, 95, 110  # MiB


def proportional(pid: int) -> float:
    """MiB: a page that several processes use counts in parts."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    [size] = [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    return size / 1024


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells")
def test_idle_processes_are_small(system: System) -> None:
    server = system.start_server()
    worker = system.start_worker()

    supervisor, working = map(proportional, family_of(worker.pid))
    serving = sum(map(proportional, family_of(server.pid)))

    assert supervisor < GENEROUS * SUPERVISOR
    assert working < GENEROUS * WORKER
    assert serving < GENEROUS * SERVER
