"""The measurements of all rows, as the table of docs/reliability.md."""

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.faults.rounds import IS_LONG
from tests.support.faults.rows import ROWS
from tests.support.faults.traffic import Answer

# The short round runs beside whatever else the machine does.
MARGIN = 1 if IS_LONG else 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    unit: str
    limit: float | None
    samples: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        worst = f"{max(self.samples):.3g} {self.unit}".strip()
        return worst if self.limit is None or max(self.samples) <= self.limit else f"{worst} (missed)"


@dataclass(slots=True)
class Row:
    """All rounds of one row; a figure is the worst of them."""

    rounds: int = 0
    figures: dict[str, Figure] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def note(self, what: str, value: float, *, unit: str = "s", limit: float | None = None) -> None:
        """Keep what was measured; fail if it is beyond the limit, in the short round by far."""
        self.figures.setdefault(what, Figure(unit=unit, limit=limit)).samples.append(value)
        assert limit is None or value <= limit * MARGIN, f"{what}: {value:.3g} {unit}, target {limit}"

    def asked(self, answers: Iterable[Answer]) -> None:
        """These were asked for during the fault."""
        self.seconds += [answer.seconds for answer in answers]

    @property
    def measured(self) -> str:
        return "; ".join(f"{what} {figure}" for what, figure in self.figures.items())


def p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[98] if len(seconds) > 1 else seconds[0]


class Report:
    def __init__(self) -> None:
        self._rows: dict[str, Row] = defaultdict(Row)

    def round_of(self, name: str) -> Row:
        self._rows[name].rounds += 1
        return self._rows[name]

    def write(self, file: Path) -> None:
        lines = [
            "| | fault | target | worst round | rounds | API p99 during the fault |",
            "|---|---|---|---|---|---|",
        ]
        for name, row in sorted(self._rows.items()):
            slowest = f"{p99(row.seconds) * 1000:.0f} ms of {len(row.seconds)}" if row.seconds else ""
            promise = ROWS[name]
            lines.append(
                f"| {name} | {promise.fault} | {promise.target} | {row.measured} | {row.rounds} | {slowest} |"
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n")
