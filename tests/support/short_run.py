"""`pytest --short` leaves out what takes long, and says at its end how to run it. `--left-out` runs that."""

from pathlib import Path

import pytest

from tests.support.redis_programs import REDIS

# They have targets of their own, which `make test-all` runs too.
APART = [Path(__file__).parents[1] / folder for folder in ("browser", "clients", "faults")]
LEFT_OUT = {
    "make test-all": "the tests of faults, of generated clients and in a browser, the long tests, and"
    f" those of the engine on {REDIS} beside Valkey",
    "make image-test": "the tests of the image",
    "make full": "the long rounds",
    "make soak": "half an hour of random faults",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--short", action="store_true", help="leave out what takes long")
    parser.addoption("--left-out", action="store_true", help="run the long tests that --short leaves out")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    is_part = config.getoption("short") or config.getoption("left_out")
    return True if is_part and collection_path in APART else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("short"):
        _deselect(config, items, [item for item in items if _takes_long(item)])
    if config.getoption("left_out"):
        _deselect(config, items, [item for item in items if not _takes_long(item)])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("short"):
        terminalreporter.section("left out")
        for command, tests in LEFT_OUT.items():
            terminalreporter.line(f"{command:<16} {tests}")


def _deselect(config: pytest.Config, items: list[pytest.Item], deselected: list[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=deselected)
    kept = set(items) - set(deselected)
    items[:] = [item for item in items if item in kept]


def _takes_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("long") is not None or _needs_redis(item)


def _needs_redis(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and REDIS in callspec.params.values()
