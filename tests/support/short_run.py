"""`pytest --short` leaves out what takes long, and says at its end how to run it."""

from pathlib import Path

import pytest

from tests.support.redis_programs import REDIS

FAULTS = Path(__file__).parents[1] / "faults"
LEFT_OUT = {
    "make test-all": f"the tests of faults, and those of the engine on {REDIS} beside Valkey",
    "make image-test": "the tests of the image",
    "make full": "the long rounds",
    "make soak": "half an hour of random faults",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--short", action="store_true", help="leave out what takes long")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.getoption("short") and collection_path == FAULTS else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("short"):
        config.hook.pytest_deselected(items=[item for item in items if _needs_redis(item)])
        items[:] = [item for item in items if not _needs_redis(item)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("short"):
        terminalreporter.section("left out")
        for command, tests in LEFT_OUT.items():
            terminalreporter.line(f"{command:<16} {tests}")


def _needs_redis(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and REDIS in callspec.params.values()
