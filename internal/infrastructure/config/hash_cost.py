"""The limits that this machine sets to the settings of Argon2."""

import os
from collections.abc import Iterator
from pathlib import Path

# RFC 9106 section 3.1.
LEAST_PER_LANE = 8  # KiB
_KIB = 1024
_GROUPS = Path("/sys/fs/cgroup")


def hash_problems(*, memory: int, lanes: int, at_once: int | None) -> dict[str, str]:
    """The settings that Argon2 refuses or that exceed the memory of this process. `memory` is in KiB."""
    limit = _memory_limit()
    if memory < LEAST_PER_LANE * lanes:
        least = f"must be at least {LEAST_PER_LANE} for each of PASSWORD_HASH_PARALLELISM"
        return {"password_hash_memory": least}
    if memory > limit:
        return {"password_hash_memory": f"exceeds the memory of this process ({limit} KiB)"}
    if memory * (at_once or 1) > limit:
        return {"password_hash_threads": f"needs more than the memory of this process ({limit} KiB)"}
    return {}


def affordable_at_once(memory: int) -> int:
    """One hash per core, unless that takes more than half of the memory."""
    return max(1, min(os.cpu_count() or 1, _memory_limit() // 2 // memory))


def _memory_limit() -> int:
    """The KiB that this process may use: the limit of its container or service, or the machine's memory."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *_limits_of_groups()]) // _KIB


def _limits_of_groups() -> Iterator[int]:
    """The limits of the control groups (version 2) around this process."""
    try:
        name = Path("/proc/self/cgroup").read_text().rpartition("0::/")[2].strip()
    except OSError:
        return
    own = _GROUPS / name
    for group in (own, *own.parents):
        try:
            limit = (group / "memory.max").read_text().strip()
        except OSError:  # the root has no limit, and a container may not see its own name
            continue
        if limit.isdecimal():
            yield int(limit)
