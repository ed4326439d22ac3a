"""docs/reliability.md: its limits are the constants of the program."""

import importlib
import re
from datetime import timedelta

import pytest

from tests.support.documented_examples import RELIABILITY, ROOT, table

UNITS = {
    "ms": 0.001,
    "s": 1,
    "min": 60,
    "h": 3600,
    "day": 86_400,
    "days": 86_400,
    "KiB": 1024,
    "MiB": 1024 * 1024,
}
LIMITS = [(value, *re.findall(r"`(.+?)`", constant)) for _, value, constant in table(RELIABILITY, "limits")]


def constant(path: str, name: str) -> object:
    """Paths are below `internal` or `internal/infrastructure`."""
    package = "internal" if (ROOT / "internal" / path).exists() else "internal.infrastructure"
    module = importlib.import_module(f"{package}.{path.removesuffix('.py').replace('/', '.')}")
    return getattr(module, name)


@pytest.mark.parametrize(("value", "path", "name"), LIMITS, ids=str)
def test_a_limit_is_the_constant_of_the_program(value: str, path: str, name: str) -> None:
    number, _, unit = value.replace(",", "").partition(" ")

    actual = constant(path, name)

    seconds = actual.total_seconds() if isinstance(actual, timedelta) else actual
    assert seconds == float(number) * UNITS.get(unit, 1)
