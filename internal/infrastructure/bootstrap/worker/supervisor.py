"""The parent of the worker processes: starts them, passes signals on, restarts those that die."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from internal.infrastructure.bootstrap.process.exiting import CANNOT_START, WRONG_SETTINGS
from internal.infrastructure.bootstrap.process.process_signals import (
    STOP_SIGNALS,
    SignalQueue,
    held,
    listen,
    reap_orphans,
)
from internal.infrastructure.bootstrap.worker.late_log import LateLog
from internal.infrastructure.bootstrap.worker.worker_plan import read_worker_plan
from internal.infrastructure.embedded.process import spawn
from internal.infrastructure.telemetry.liveness_file import BEAT_EVERY, LivenessFile, beating

DRAINED = "--drained"

SHORTEST_PAUSE = 0.1  # seconds until a dead process is restarted; doubled each time, up to
LONGEST_PAUSE = 10.0
HEALTHY_AFTER = 30.0  # seconds; after a life this long, the pause is the shortest again

# Seconds in which a repeated signal is ignored: init systems and terminals signal several processes.
SAME_SIGNAL = 0.2
# Seconds after WORKER_SHUTDOWN_TIMEOUT. A process takes at most 1.7, and we promise 2 in all.
KILLED_AFTER = 1.85
KILLED = 1  # the exit code if processes had to be killed


@dataclass
class Place:
    """One worker process, across all its restarts."""

    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    restarts: int = 0
    pause: float = SHORTEST_PAUSE
    start_at: float = 0.0


class Supervisor:
    """Keeps a number of processes of one command alive until it is told to stop.

    A process that starts while the others are drained gets the argument DRAINED. Repeated SIGTERMs to a
    worker count once. A second one to the supervisor is urgent: it kills the workers. It also kills workers
    that have not ended `ends_within` seconds after the first.

    If the first start of a process fails soon for a known reason, such as a wrong setting, the supervisor
    stops all processes. The failed one has printed what to do, and restarts would hide that.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        processes: int,
        signals: SignalQueue,
        ends_within: float,
        heartbeat: LivenessFile | None,
        log: LateLog,
    ) -> None:
        self._log = log
        self._command = command
        self._heartbeat = heartbeat
        self._places = [Place() for _ in range(processes)]
        self._signals = signals
        self._ends_within = ends_within
        self._told_at = 0.0
        self._overdue_at: float | None = None  # set when the workers are told to stop
        self._draining = False
        self._code = 0

    def run(self) -> int:
        """Return the exit code: 0 if every process stopped cleanly when told to."""
        self._signals.begin(more=[signal.SIGCHLD])
        while self._overdue_at is None or any(place.process for place in self._places):
            if self._heartbeat:
                self._heartbeat.beat()
            self._start_due()
            self._obey(self._signals.wait(self._nothing_due_for()))
            self._kill_overdue()
            self._reap()
        return self._code

    def _start_due(self) -> None:
        now = time.monotonic()
        for place in self._places:
            if self._overdue_at is None and place.process is None and now >= place.start_at:
                command = [*self._command, DRAINED] if self._draining else self._command
                with held():
                    # If this process is killed, so is the worker: its tasks go to others, and two workers
                    # must not run the same task.
                    place.process = spawn(command, stop_signal=signal.SIGKILL)
                place.started = now

    def _nothing_due_for(self) -> float:
        if self._overdue_at is None:
            due = [place.start_at for place in self._places if place.process is None]
        else:
            due = [self._overdue_at]
        return max(0.0, min([*due, time.monotonic() + BEAT_EVERY]) - time.monotonic())

    def _obey(self, signals: Sequence[signal.Signals]) -> None:
        for received in signals:
            if received in {signal.SIGTSTP, signal.SIGCONT}:
                self._draining = received == signal.SIGTSTP
                self._hand_on(received)
        if STOP_SIGNALS.isdisjoint(signals):
            return
        if self._overdue_at is None:
            self._end()
        elif time.monotonic() > self._told_at + SAME_SIGNAL:
            self._overdue_at = 0.0

    def _end(self) -> None:
        self._told_at = time.monotonic()
        self._overdue_at = self._told_at + self._ends_within
        self._hand_on(signal.SIGTERM)

    def _kill_overdue(self) -> None:
        if self._overdue_at is None or time.monotonic() < self._overdue_at:
            return
        if alive := [
            place.process for place in self._places if place.process and place.process.poll() is None
        ]:
            self._code = KILLED
            for process in alive:
                process.kill()
                process.wait()
            self._log.error("worker.killed", processes=[process.pid for process in alive])

    def _hand_on(self, number: int) -> None:
        for place in self._places:
            if place.process:
                place.process.send_signal(number)

    def _reap(self) -> None:
        for place in self._places:
            if place.process and (code := place.process.poll()) is not None:
                place.process = None
                self._after_death(place, code)
        reap_orphans(own=[place.process.pid for place in self._places if place.process])

    def _after_death(self, place: Place, code: int) -> None:
        was_healthy = time.monotonic() - place.started > HEALTHY_AFTER
        if self._overdue_at is not None:
            self._code = self._code or abs(code)
        elif place.restarts == 0 and not was_healthy and code in {CANNOT_START, WRONG_SETTINGS}:
            self._code = code
            self._end()
        else:
            if was_healthy:
                place.pause = SHORTEST_PAUSE
            self._log.error("worker.process_died", code=code, restart_in=place.pause)
            place.restarts += 1
            place.start_at = time.monotonic() + place.pause
            place.pause = min(place.pause * 2, LONGEST_PAUSE)


def supervise_workers(*, processes: int | None, modules: Sequence[str]) -> int:
    """Return the exit code. `processes` wins over WORKER_PROCESSES."""
    plan = read_worker_plan()
    log = LateLog(__name__, level=plan.log_level, log_format=plan.log_format)
    with beating(Path(plan.heartbeats), log=log) as heartbeat:
        return Supervisor(
            [sys.executable, "-m", "cmd.worker", *modules, "--supervised"],
            processes=processes or plan.processes,
            signals=listen(),
            ends_within=plan.shutdown_timeout + KILLED_AFTER,
            heartbeat=heartbeat,
            log=log,
        ).run()
