"""The parent of the worker processes: starts them, hands signals on, restarts what dies."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import FrameType

import structlog

from internal.infrastructure.bootstrap.entrypoint import CANNOT_START, WRONG_SETTINGS
from internal.infrastructure.embedded.process import spawn

log = structlog.get_logger(__name__)

ENDING = {signal.SIGTERM, signal.SIGINT}
HANDED_ON = {*ENDING, signal.SIGTSTP, signal.SIGCONT}

DRAINED = "--drained"

SHORTEST_PAUSE = 0.1  # seconds before a process that died is started again, doubled up to
LONGEST_PAUSE = 10.0
HEALTHY_AFTER = 30.0  # seconds of life, after which the pause starts anew


@dataclass
class Place:
    """One of the worker processes, through all its restarts."""

    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    restarts: int = 0
    pause: float = SHORTEST_PAUSE
    start_at: float = 0.0


class Supervisor:
    """Keeps so many processes of one command alive until it is told to end.

    One that is started again while they are drained is told so by the argument DRAINED.

    A process whose very first start soon fails with a known reason (nothing answers, a wrong setting) ends
    them all: its one line says what to do, and restarting would hide it.
    """

    def __init__(self, command: Sequence[str], *, processes: int) -> None:
        self._command = command
        self._places = [Place() for _ in range(processes)]
        self._signals: SimpleQueue[int] = SimpleQueue()
        self._ending = False
        self._draining = False
        self._code = 0

    def run(self) -> int:
        """Return the exit code: 0 if every process ended well when told to."""
        for number in (*HANDED_ON, signal.SIGCHLD):
            signal.signal(number, self._note)
        while not (self._ending and not any(place.process for place in self._places)):
            self._start_due()
            self._obey_next_signal()
            self._reap()
        return self._code

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signal module's signature
        self._signals.put(number)

    def _start_due(self) -> None:
        now = time.monotonic()
        for place in self._places:
            if not self._ending and place.process is None and now >= place.start_at:
                # Killed with us: what a killed worker had goes to another, and only one must have it.
                command = [*self._command, DRAINED] if self._draining else self._command
                place.process = spawn(command, stop_signal=signal.SIGKILL)
                place.started = now

    def _obey_next_signal(self) -> None:
        waiting = [place.start_at for place in self._places if place.process is None and not self._ending]
        try:
            number = self._signals.get(timeout=max(0.0, min(waiting) - time.monotonic()) if waiting else None)
        except Empty:
            return
        if number in HANDED_ON:
            self._ending = self._ending or number in ENDING
            self._draining = (self._draining or number == signal.SIGTSTP) and number != signal.SIGCONT
            self._hand_on(signal.SIGTERM if number in ENDING else number)

    def _hand_on(self, number: int) -> None:
        for place in self._places:
            if place.process:
                place.process.send_signal(number)

    def _reap(self) -> None:
        for place in self._places:
            if place.process and (code := place.process.poll()) is not None:
                place.process = None
                self._after_death(place, code)

    def _after_death(self, place: Place, code: int) -> None:
        was_healthy = time.monotonic() - place.started > HEALTHY_AFTER
        if self._ending:
            # Told to end before it could listen, it has ended as it should.
            self._code = self._code or (0 if code == -signal.SIGTERM else abs(code))
        elif place.restarts == 0 and not was_healthy and code in {CANNOT_START, WRONG_SETTINGS}:
            self._ending, self._code = True, code
            self._hand_on(signal.SIGTERM)
        else:
            if was_healthy:
                place.pause = SHORTEST_PAUSE
            log.error("worker.process_died", code=code, restart_in=place.pause)
            place.restarts += 1
            place.start_at = time.monotonic() + place.pause
            place.pause = min(place.pause * 2, LONGEST_PAUSE)


def supervise_workers(*, processes: int, modules: Sequence[str]) -> int:
    command = [sys.executable, "-m", "cmd.worker", *modules, "--supervised"]
    return Supervisor(command, processes=processes).run()
