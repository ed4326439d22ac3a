import site
import sysconfig
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.protocol.attempt_note import decode_note
from internal.infrastructure.taskqueue.protocol.failure_mark import FailureMark, encode_mark, mark_of

_FAILED = (Kind.RETRY, Kind.ARCHIVED)
ROOT = Path(__file__).resolve().parents[4]
_ENGINE = Path(__file__).resolve().parents[1]
_LIBRARIES = (*site.getsitepackages(), sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))


def with_mark(outcome: Outcome, delivery: Delivery) -> Outcome:
    """The outcome of a failed attempt with the mark of its failure; any other one unchanged."""
    if outcome.kind not in _FAILED:
        return outcome
    mark = mark_of(delivery.actor_name, _type_in(outcome.note), _frame_of(delivery.error))
    return replace(outcome, mark=encode_mark(mark))


def unreadable_mark() -> FailureMark:
    return mark_of("", "cannot be read", "")


def _type_in(note: bytes) -> str:
    """The type of the error, or the beginning of the reason. Secret texts are already hidden in it."""
    return decode_note(note).error.partition(":")[0]


def _frame_of(error: BaseException | None) -> str:
    """The innermost frame of our own code. Its line is left out, because it changes with every release."""
    found = ""
    step: TracebackType | None = _traceback_of(error)
    while step:
        code = step.tb_frame.f_code
        if own := _own_file(code.co_filename):
            found = f"{own} in {code.co_qualname}"
        step = step.tb_next
    return found


def _traceback_of(error: BaseException | None) -> Any:
    """The interpreter's attribute, even if a subclass overrides it. An error may be falsy."""
    return None if error is None else BaseException.__dict__["__traceback__"].__get__(error)


@cache
def _own_file(name: str) -> str:
    """The path in the repository of a file that is ours and not of the engine; else an empty text."""
    path = Path(name)
    if not path.is_relative_to(ROOT) or path.is_relative_to(_ENGINE):
        return ""
    if any(path.is_relative_to(library) for library in _LIBRARIES):
        return ""
    return path.relative_to(ROOT).as_posix()
