"""For development: restart a process whenever its code changes."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import structlog

from internal.infrastructure.bootstrap.dev.source_files import SourceFiles
from internal.infrastructure.bootstrap.process.process_signals import STOP_SIGNALS, SignalQueue, held, listen
from internal.infrastructure.embedded.process import spawn

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.5  # seconds


def run_reloading(arguments: Sequence[str], *, modules: Sequence[str] = ()) -> int:
    """Run `python -m <arguments>`, and again after each change, until told to stop. Return the exit code.

    If the process ends before any change, this ends too: the process has printed why. If it ends after a
    change, this waits for the next change, because the edit may be incomplete.
    """
    return _Reloader([sys.executable, "-m", *arguments], SourceFiles(modules), listen()).run()


class _Reloader:
    def __init__(self, command: Sequence[str], files: SourceFiles, signals: SignalQueue) -> None:
        self._command = command
        self._files = files
        self._signals = signals
        self._is_told = False

    def run(self) -> int:
        self._signals.begin(more=[signal.SIGCHLD])
        was_changed = False
        process = self._start()
        while True:
            self._obey(process)
            if self._is_told:
                return self._end(process)
            if file := self._files.changed():
                log.info("code.changed", file=os.path.relpath(file))
                was_changed = True
                self._end(process)
                process = self._start()
            elif process.poll() is not None and not was_changed:
                return self._end(process)

    def _start(self) -> "subprocess.Popen[bytes]":
        with held():
            return spawn(self._command)

    def _end(self, process: "subprocess.Popen[bytes]") -> int:
        """Stop the process and return its exit code. A second signal kills it."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        while (code := process.poll()) is None:
            is_told_now = not STOP_SIGNALS.isdisjoint(self._signals.wait(LOOK_EVERY))
            if is_told_now and self._is_told:
                process.kill()
            self._is_told = self._is_told or is_told_now
        return abs(code)

    def _obey(self, process: "subprocess.Popen[bytes]") -> None:
        for received in self._signals.wait(LOOK_EVERY):
            if received in STOP_SIGNALS:
                self._is_told = True
            elif received != signal.SIGCHLD and process.poll() is None:
                process.send_signal(received)
