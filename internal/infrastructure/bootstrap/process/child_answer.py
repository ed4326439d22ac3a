import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from internal.infrastructure.bootstrap.process.exiting import CANNOT_START, exit_at_once
from internal.infrastructure.bootstrap.process.process_signals import HANDLED, held
from internal.infrastructure.embedded.process import die_with_parent


def answer_of_child(program: str, work: Callable[[], object]) -> Any:
    """Call `work` in a child process and return its result, which must fit into JSON.

    The child's imports take no memory here. Signals go only to this process, and the child ends with it.

    Raises:
        SystemExit: the child gave no answer. It has the child's exit code, or CANNOT_START if a signal ended
            the child.
    """
    received, sender = os.pipe()
    parent = os.getpid()
    with held():
        if (child := os.fork()) == 0:
            os.close(received)
            _answer(work, parent=parent, to=sender)
    os.close(sender)
    with open(received, "rb") as answer:  # noqa: PTH123 - a file descriptor
        text = answer.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        ended_by = signal.Signals(-code).name
        print(f"{program}: {ended_by} ended the process that reads the settings", file=sys.stderr)  # noqa: T201 - logging needs the settings
    if code or not text:
        sys.exit(max(code, CANNOT_START))
    return json.loads(text)


def _answer(work: Callable[[], object], *, parent: int, to: int) -> None:
    for number in HANDLED:
        signal.signal(number, signal.SIG_IGN)
    die_with_parent(parent, signal.SIGKILL)
    with exit_at_once(), open(to, "w", encoding="utf-8") as answer:
        answer.write(json.dumps(work()))
