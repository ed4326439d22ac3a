"""Exceptions that do what they can to keep anybody from describing them, as a Hypothesis strategy."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from dramatiq.middleware import SkipMessage
from hypothesis import strategies as st

from internal.ports.tasks import RetryLater

MEGABYTE = 1_000_000
# An `__str__` may raise any of these.
RAISED: tuple[type[BaseException], ...] = (
    ValueError,
    SystemExit,
    KeyboardInterrupt,
    RecursionError,
    MemoryError,
)
KINDS: tuple[type[BaseException], ...] = (
    Exception,
    ValueError,
    KeyError,
    OSError,
    RecursionError,
    MemoryError,
    StopAsyncIteration,
    BaseException,
    KeyboardInterrupt,
    SystemExit,
    GeneratorExit,
    asyncio.CancelledError,
)


def raising(kind: type[BaseException]) -> Callable[..., Any]:
    def refuse(*_: object, **__: object) -> Any:
        raise kind("refused")

    return refuse


def returning(value: object) -> Callable[..., Any]:
    return lambda *_, **__: value


class OddText(str):
    """A text whose methods do not matter."""

    __slots__ = ()
    __getitem__ = __len__ = __str__ = encode = replace = raising(SystemExit)


class OddName(type):
    """Its classes do not tell their names."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]  # the point
        raise SystemExit


TRAITS: Mapping[str, st.SearchStrategy[Any]] = {
    "__str__": st.one_of(
        st.sampled_from(RAISED).map(raising),
        st.sampled_from([None, 7, b"bytes", OddText("odd"), "\ud800", "x" * MEGABYTE]).map(returning),
    ),
    "__repr__": st.sampled_from(RAISED).map(raising),
    "__getattribute__": st.just(raising(SystemExit)),
    "__class__": st.sampled_from([RetryLater, SkipMessage, ValueError]).map(
        lambda kind: property(returning(kind))
    ),
    "__traceback__": st.just(property(raising(ValueError))),
    "__cause__": st.just(property(raising(KeyboardInterrupt))),
    "__context__": st.just(property(returning(7))),
    "__suppress_context__": st.just(property(raising(ValueError))),
    "__notes__": st.sampled_from([property(raising(SystemExit)), 7, ["\udce9", 7, "x" * MEGABYTE], "notes"]),
    "__eq__": st.just(raising(ValueError)),
    "__hash__": st.just(raising(ValueError)),
    "__bool__": st.just(raising(ValueError)),
    "with_traceback": st.just(raising(TypeError)),
    "__reduce__": st.just(raising(ValueError)),
}

texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["caf\udce9.txt", "nul\0", "é" * 9000, "x" * MEGABYTE, "\udce9" * MEGABYTE]),
)
names = st.sampled_from(["Odd", "N" * 10_000, "two words", "Ünïcode", "nul"])


@st.composite
def lone_errors(draw: st.DrawFn) -> BaseException:
    traits = draw(st.lists(st.sampled_from(sorted(TRAITS)), max_size=3, unique=True))
    made: Any = OddName if draw(st.booleans()) else type
    kind = made(draw(names), (draw(st.sampled_from(KINDS)),), {name: draw(TRAITS[name]) for name in traits})
    error: BaseException = kind(draw(texts))
    return error


@st.composite
def chained_errors(draw: st.DrawFn) -> BaseException:
    """Each caused by the next, and perhaps the last by the first."""
    links = draw(st.lists(lone_errors(), min_size=2, max_size=5))
    following = [*links[1:], links[0] if draw(st.booleans()) else None]
    slot: Any = BaseException.__dict__[draw(st.sampled_from(["__cause__", "__context__"]))]
    for link, next_link in zip(links, following, strict=True):
        slot.__set__(link, next_link)
    return links[0]


@st.composite
def deep_errors(draw: st.DrawFn) -> BaseException:
    error: BaseException = ValueError("the first")
    for _ in range(draw(st.sampled_from([11, 3000]))):
        outer = ValueError("another")
        outer.__cause__ = error
        error = outer
    return error


@st.composite
def grouped_errors(draw: st.DrawFn) -> BaseException:
    members = draw(st.lists(lone_errors(), min_size=1, max_size=3)) * draw(st.sampled_from([1, 3000]))
    text = draw(texts)
    try:
        group = BaseExceptionGroup(text, members)
    except BaseException:  # noqa: BLE001 - some do not let themselves be grouped
        group = BaseExceptionGroup(text, [ValueError("in their place")])
    for _ in range(draw(st.sampled_from([0, 1, 50]))):
        group = BaseExceptionGroup("around it", [group])
    return group


class Hostile:
    """One of them, held in something that can be shown."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __repr__(self) -> str:
        return "<hostile>"


@st.composite
def hostile_errors(draw: st.DrawFn) -> Hostile:
    return Hostile(draw(st.one_of(lone_errors(), chained_errors(), deep_errors(), grouped_errors())))
