"""The settings of queues: weights and limits."""

import re
from datetime import timedelta

from internal.ports.tasks import Rate

# Dramatiq's rule for queue names.
_QUEUE = r"[a-zA-Z_][a-zA-Z0-9._-]*:[1-9][0-9]{0,5}"
_LIMIT = rf"{_QUEUE}(/[1-9][0-9]{{0,5}})?"
_WEIGHTS = re.compile(f"{_QUEUE}(,{_QUEUE})*")
_LIMITS = re.compile(f"({_LIMIT}(,{_LIMIT})*)?")


def parse_weights(value: str) -> dict[str, int]:
    """Read `name:weight,...`. Raises ValueError."""
    if not _WEIGHTS.fullmatch(value):
        raise ValueError("must be name:weight,... with weights of at least 1")
    pairs = [item.split(":") for item in value.split(",")]
    weights = {name: int(weight) for name, weight in pairs}
    if len(weights) < len(pairs):
        raise ValueError("must name each queue once")
    return weights


def parse_limits(value: str) -> dict[str, tuple[int | None, Rate | None]]:
    """Read the limits per queue: tasks that run at once, and starts per window. Raises ValueError."""
    if not _LIMITS.fullmatch(value):
        raise ValueError("must be name:most,... (running at once) or name:most/seconds,... (starts)")
    limits: dict[str, tuple[int | None, Rate | None]] = {}
    for item in filter(None, value.split(",")):
        name, most, seconds = re.split("[:/]", f"{item}/")[:3]
        running, rate = limits.get(name, (None, None))
        if (rate if seconds else running) is not None:
            raise ValueError("must have one limit of a kind for each queue")
        if seconds:
            rate = Rate(int(most), timedelta(seconds=int(seconds)))
        else:
            running = int(most)
        limits[name] = (running, rate)
    return limits
