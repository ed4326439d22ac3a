"""Progress and results of an action on many tasks or rows."""

import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.output.console import print_error, print_line, show_json
from internal.infrastructure.cli.output.failures import FAILED
from internal.ports.task_inspector import ActionResult

# Tasks between two progress lines, unless standard error is a terminal.
REPORT_EVERY = 10_000


def all_if_many(number: int) -> str:
    """The word before the number in a question: nobody says "all 1 task"."""
    return "" if number == 1 else "all "


@dataclass
class Tally:
    """Counts the tasks that were changed, and the refused ones by reason."""

    done: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, result: ActionResult) -> None:
        self.done += len(result.done)
        self.reasons.update(result.refused.values())

    @property
    def refused(self) -> int:
        return self.reasons.total()

    @property
    def seen(self) -> int:
        return self.done + self.refused


async def tally_up(batches: AsyncIterator[ActionResult], *, outcome: str, size: int) -> Tally:
    """Run all batches and report the progress. `outcome` describes a changed task, such as "archived"."""
    tally = Tally()
    try:
        async for result in batches:
            before = tally.seen
            tally.add(result)
            _report(tally.seen, before=before, size=size)
    except BaseException:
        if tally.seen:
            print_error(f"stopped early: {humanize.count(tally.done)} {outcome}")
        raise
    return tally


def show_tally(tally: Tally, about: Mapping[str, str], *, outcome: str, as_json: bool) -> None:
    """Print the counts. Exit with 1 if a task was refused."""
    if as_json:
        facts = {"done": tally.done, "refused": tally.refused, "reasons": dict(tally.reasons)}
        show_json({**about, **facts})
    else:
        print_line(f"{humanize.count(tally.done)} {outcome}")
    for why, number in tally.reasons.items():
        print_error(f"{humanize.count(number)} refused: {why}")
    if tally.refused:
        raise typer.Exit(FAILED)


def show_result(result: ActionResult, about: Mapping[str, str], *, outcome: str, as_json: bool) -> None:
    """Print the result of each task. Exit with 1 if a task was refused."""
    if as_json:
        show_json({**about, "done": list(result.done), "refused": dict(result.refused)})
    else:
        for task_id in result.done:
            print_line(f"{task_id}: {outcome}")
    for task_id, why in result.refused.items():
        print_error(f"{task_id}: {why}")
    if result.refused:
        raise typer.Exit(FAILED)


def _report(seen: int, *, before: int, size: int) -> None:
    """Print the progress: after every batch on a terminal, else every REPORT_EVERY tasks."""
    if sys.stderr.isatty() or seen // REPORT_EVERY > before // REPORT_EVERY:
        print_error(f"{humanize.count(seen)} of at most {humanize.count(size)}")
