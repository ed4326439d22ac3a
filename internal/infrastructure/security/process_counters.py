from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic

from internal.ports.rate_limiter import Quota

# The least recently used ones are forgotten: an attacker must not fill the memory.
MOST_COUNTERS = 50_000


@dataclass(slots=True)
class _Window:
    ends_at: float
    uses: int = 0


class ProcessCounters:
    """Fixed windows in the memory of this process.

    The storage of `limits` for this looks through all its keys at each use, on the event loop.
    """

    def __init__(self) -> None:
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def use(self, key: str, quota: Quota) -> float | None:
        """Count a use. If the quota is exhausted, return the seconds until the next window instead."""
        now = monotonic()
        window = self._windows.pop(key, None)
        if window is None or window.ends_at <= now:
            window = _Window(now + quota.window.total_seconds())
        self._windows[key] = window
        if len(self._windows) > MOST_COUNTERS:
            self._windows.popitem(last=False)
        if window.uses >= quota.most:
            return window.ends_at - now
        window.uses += 1
        return None

    def give_back(self, key: str) -> None:
        window = self._windows.get(key)
        if window and window.uses:
            window.uses -= 1
