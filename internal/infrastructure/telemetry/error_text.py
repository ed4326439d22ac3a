"""Errors as text that can be stored and logged: bounded, valid UTF-8, without NUL.

Errors are foreign code. Their `__str__` may raise or return 30 MB, their class may lie about its name, their
causes may form a circle. Nothing here raises, and long texts are cut before they are copied.
"""

import linecache
from collections import deque
from collections.abc import Iterator
from itertools import islice
from types import FrameType, TracebackType
from typing import Any

MOST_TEXT = 8 * 1024  # bytes of UTF-8, like the next two
MOST_TRACEBACK = 32 * 1024
MOST_LINE = 1024
FRAMES_AT_EACH_END = 15
LINKED = 10  # causes and contexts
ERRORS = 30  # in one traceback, including members of groups
MEMBERS = 10  # of one group
NOTES = 10
DEPTH = 3  # of nested groups

_CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"
_MARK = 64  # bytes reserved for the note about the omission


def bounded(text: str, most: int = MOST_TEXT) -> str:
    """The text in at most `most` bytes, shortened in the middle, with unstorable characters escaped."""
    length = str.__len__(text)
    if length <= most:
        whole = _escaped(str.__str__(text))
        if len(whole) <= most:
            return whole.decode()
    half = (most - _MARK) // 2
    head = _escaped(str.__getitem__(text, slice(half)))[:half]
    tail = _escaped(str.__getitem__(text, slice(max(0, length - half), None)))[-half:]
    mark = f" ... [{length} characters, shortened] ... "
    return head.decode(errors="ignore") + mark + tail.decode(errors="ignore")


def kind(error: BaseException) -> str:
    """The name of the error's class."""
    name: str = type.__dict__["__name__"].__get__(type(error))  # a metaclass may override it
    return bounded(name, MOST_LINE)


def text(error: BaseException) -> str:
    """The error's own text."""
    try:
        return bounded(str(error))
    except BaseException as failure:  # noqa: BLE001 - foreign code may raise anything
        return f"<no text: its __str__ raised {kind(failure)}>"


def summary(error: BaseException) -> str:
    """The class and the text of the error."""
    return bounded(f"{kind(error)}: {text(error)}")


def stack(error: BaseException) -> str:
    """The traceback in Python's form, with causes and the first members of a group."""
    try:
        return bounded("".join(_described(error, _Budget())), MOST_TRACEBACK)
    except BaseException:  # noqa: BLE001 - source lines come from loaders, which may raise anything
        return f"{summary(error)}\n"


class _Budget:
    """The number of errors that a traceback may still describe."""

    def __init__(self) -> None:
        self.left = ERRORS

    def spend(self) -> bool:
        self.left -= 1
        return self.left >= 0


def _described(error: BaseException, budget: _Budget, depth: int = 0) -> Iterator[str]:
    chain = list(islice(_chain(error), LINKED + 1))
    if len(chain) > LINKED:
        chain.pop()
        yield "[earlier exceptions left out]\n"
    for link, joint in reversed(chain):
        if budget.spend():
            yield from _frames(link)
            yield f"{kind(link)}: {text(link)}\n"
            yield from _notes(link)
            yield from _members(link, budget, depth)
            yield joint


def _chain(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """The error, then its causes, each with the text that joins it to the one before."""
    seen: set[int] = set()
    link: BaseException | None = error
    joint = ""
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link, joint
        cause = _own(link, "__cause__")
        hidden = _own(link, "__suppress_context__")
        is_explicit = cause is not None or hidden
        link, joint = (cause, _CAUSED) if is_explicit else (_own(link, "__context__"), _DURING)


def _frames(error: BaseException) -> Iterator[str]:
    first: list[tuple[FrameType, int]] = []
    last: deque[tuple[FrameType, int]] = deque(maxlen=FRAMES_AT_EACH_END)
    count = 0
    step: TracebackType | None = _own(error, "__traceback__")
    if step:
        yield "Traceback (most recent call last):\n"
    while step:
        count += 1
        (first if count <= FRAMES_AT_EACH_END else last).append((step.tb_frame, step.tb_lineno))
        step = step.tb_next
    yield from (_frame(*frame) for frame in first)
    if (left_out := count - len(first) - len(last)) > 0:
        yield f"  [{left_out} frames left out]\n"
    yield from (_frame(*frame) for frame in last)


def _frame(frame: FrameType, number: int) -> str:
    code = frame.f_code
    source = linecache.getline(code.co_filename, number, frame.f_globals).strip()
    file, function = bounded(code.co_filename, MOST_LINE), bounded(code.co_name, MOST_LINE)
    line = f'  File "{file}", line {number}, in {function}\n'
    return f"{line}    {bounded(source, MOST_LINE)}\n" if source else line


def _notes(error: BaseException) -> Iterator[str]:
    try:
        notes = object.__getattribute__(error, "__notes__")
    except BaseException:  # noqa: BLE001 - most errors have no notes, and the class may raise anything
        return
    if type(notes) is list:
        yield from (f"{bounded(note, MOST_LINE)}\n" for note in notes[:NOTES] if type(note) is str)


def _members(error: BaseException, budget: _Budget, depth: int) -> Iterator[str]:
    members = members_of(error)
    for number, member in enumerate(members[:MEMBERS] if depth < DEPTH else (), start=1):
        if budget.left > 0:
            yield f"  +-- {number} of {len(members)}\n"
            described = "".join(_described(member, budget, depth + 1))
            yield "".join(f"  | {line}\n" for line in described.splitlines())


def members_of(error: BaseException) -> tuple[BaseException, ...]:
    """The members of an exception group. Other errors have none."""
    if not issubclass(type(error), BaseExceptionGroup):
        return ()
    members: tuple[BaseException, ...] = BaseExceptionGroup.__dict__["exceptions"].__get__(error)
    return members


def _own(error: BaseException, name: str) -> Any:
    """The interpreter's attribute, even if a subclass overrides it."""
    return BaseException.__dict__[name].__get__(error)


def _escaped(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace").replace(b"\x00", b"\\x00")
