import signal
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Protocol

from internal.infrastructure.bootstrap.not_ready import NotReady

MOST_DEATHS = 3
WITHIN = 60.0  # seconds


class Service(Protocol):
    @property
    def exit_code(self) -> int | None: ...

    def start(self) -> str: ...


class ServiceRestarter:
    """Restarts a service that has ended unexpectedly, on the same port and with the same data."""

    def __init__(self, services: Mapping[str, Service], *, say: Callable[[str], None]) -> None:
        self._services = services
        self._say = say
        self._deaths: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_DEATHS))

    def keep(self) -> None:
        """Check each service once.

        Raises:
            NotReady: a service ended MOST_DEATHS times within a minute.
            ServiceFailed: a service did not start.
        """
        for name, service in self._services.items():
            if (code := service.exit_code) is not None:
                self._start_again(name, service, code)

    def _start_again(self, name: str, service: Service, code: int) -> None:
        deaths = self._deaths[name]
        deaths.append(time.monotonic())
        if len(deaths) == MOST_DEATHS and deaths[-1] - deaths[0] < WITHIN:
            raise NotReady(f"{name} {_described(code)}, for the {MOST_DEATHS}rd time within a minute")
        self._say(f"  {name} {_described(code)}: restarting...")
        service.start()
        self._say(f"  {name} is up again.")


def _described(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
