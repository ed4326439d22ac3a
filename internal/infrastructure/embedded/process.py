"""Child processes that never outlive this process, however it ends."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h

STOP_WITHIN = 10  # seconds, then the child is killed


class ServiceFailed(Exception):
    """An embedded service did not start. The text names its log."""


def die_with_parent(parent: int, stop_signal: signal.Signals = signal.SIGTERM) -> None:
    """Make the kernel send `stop_signal` to this process when its parent ends. Linux only.

    To the kernel, the parent is the thread that forked. So fork from a thread that lasts: the main thread. If
    the process `parent` has ended already, this process exits at once.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def spawn(
    command: Sequence[str | Path],
    *,
    stop_signal: signal.Signals = signal.SIGTERM,
    become: Callable[[], None] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a child that gets `stop_signal` when this process ends. `become` changes its user first.

    The child has its own session: Ctrl-C reaches only this process, which then stops its children in order.
    """
    parent = os.getpid()

    def prepare() -> None:
        if become:
            become()
        die_with_parent(parent, stop_signal)  # last, because a change of user clears it

    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        stdout = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - only our own processes and dependencies are started
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=None if stdout is None else subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509 - children are started from the main thread alone
        )
    finally:
        if log and stdout is not None:
            os.close(stdout)


def stop(process: "subprocess.Popen[bytes]", stop_signal: signal.Signals = signal.SIGTERM) -> int:
    """Stop a child and return its exit code. Kill it if it does not stop in time."""
    if process.poll() is None:
        process.send_signal(stop_signal)
    try:
        return process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def free_port() -> int:
    """A port of the loopback interface on which nothing listens right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
