"""The report of a benchmark: a table of figures and targets, and whether all targets are met."""

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Target:
    """The largest or smallest value that a figure may have."""

    limit: float
    at_least: bool = False

    def is_met_by(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {_number(self.limit)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is measured once per round; the result is the median, or `value` if it is given."""

    what: str
    samples: Sequence[float]
    unit: str = ""
    target: Target | None = None
    value: float | None = None

    @property
    def representative(self) -> float:
        return statistics.median(self.samples) if self.value is None else self.value

    @property
    def is_missed(self) -> bool:
        return self.target is not None and not self.target.is_met_by(self.representative)

    @property
    def row(self) -> tuple[str, ...]:
        verdict = "" if self.target is None else "missed" if self.is_missed else "met"
        spread = f"{_number(min(self.samples))} - {_number(max(self.samples))}"
        target = "" if self.target is None else str(self.target)
        return (f"{self.what}, {self.unit}", _number(self.representative), spread, target, verdict)


def percentile(samples: Sequence[float], percent: int) -> float:
    return statistics.quantiles(samples, n=100, method="inclusive")[percent - 1]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Divide round by round, because a slow machine slows both sides of a round."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def arguments(description: str | None, **defaults: int) -> argparse.Namespace:
    """Parse the command line, which has one option per number, so that a short run is possible."""
    parser = argparse.ArgumentParser(description=description)
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default}")
    return parser.parse_args()


def conclude(figures: Sequence[Figure]) -> None:
    """Print the table; end with exit code 1 and one line if a target is missed."""
    rows = [("what", "median", "min - max", "target", ""), *(figure.row for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if missed := [figure.what for figure in figures if figure.is_missed]:
        raise SystemExit(f"missed: {'; '.join(missed)}")


def _number(value: float) -> str:
    """Show three digits, or all digits before the point."""
    digits = max(0, 3 - len(str(int(abs(value)))))
    return f"{value:,.{digits}f}"
