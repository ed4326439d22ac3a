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


class KeptServices:
    """Starts a service again when it has ended by itself, where it was and with the data that it had."""

    def __init__(self, services: Mapping[str, Service], *, say: Callable[[str], None]) -> None:
        self._services = services
        self._say = say
        self._deaths: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_DEATHS))

    def keep(self) -> None:
        """Look at each of them, once.

        Raises:
            NotReady: one has ended MOST_DEATHS times WITHIN a minute.
            ServiceFailed: one did not start.
        """
        for name, service in self._services.items():
            if (code := service.exit_code) is not None:
                self._start_again(name, service, code)

    def _start_again(self, name: str, service: Service, code: int) -> None:
        deaths = self._deaths[name]
        deaths.append(time.monotonic())
        if len(deaths) == MOST_DEATHS and deaths[-1] - deaths[0] < WITHIN:
            raise NotReady(f"{name} {_described(code)}, for the {MOST_DEATHS}rd time within a minute")
        self._say(f"  {name} {_described(code)}: starting it again...")
        service.start()
        self._say(f"  {name} is up again.")


def _described(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
