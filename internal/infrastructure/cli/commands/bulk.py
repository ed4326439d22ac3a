"""What an action on many, in batches, has come to."""

import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import typer

from internal.infrastructure.cli.output import humanize
from internal.infrastructure.cli.output.console import say, show_json, tell
from internal.infrastructure.cli.output.failures import FAILED
from internal.ports.task_inspector import ActionResult

REPORT_EVERY = 10_000  # of them, where nobody watches


@dataclass
class Tally:
    """What was done so far; `reasons` counts those that were refused for each."""

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


async def tally_up(batches: AsyncIterator[ActionResult], *, became: str, size: int) -> Tally:
    """Go through the batches, telling how far it came; `became` is what is said of those that are done."""
    tally = Tally()
    try:
        async for result in batches:
            before = tally.seen
            tally.add(result)
            _report(tally.seen, before=before, size=size)
    except BaseException:
        if tally.seen:
            tell(f"broken off when {humanize.count(tally.done)} were {became}")
        raise
    return tally


def show_tally(tally: Tally, about: Mapping[str, str], *, became: str, as_json: bool) -> None:
    """End with 1 if any was refused."""
    if as_json:
        facts = {"done": tally.done, "refused": tally.refused, "reasons": dict(tally.reasons)}
        show_json({**about, **facts})
    else:
        say(f"{humanize.count(tally.done)} {became}")
    for why, number in tally.reasons.items():
        tell(f"{humanize.count(number)} refused: {why}")
    if tally.refused:
        raise typer.Exit(FAILED)


def show_result(result: ActionResult, about: Mapping[str, str], *, became: str, as_json: bool) -> None:
    """The same for those that were named: each is told."""
    if as_json:
        show_json({**about, "done": list(result.done), "refused": dict(result.refused)})
    else:
        for task_id in result.done:
            say(f"{task_id}: {became}")
    for task_id, why in result.refused.items():
        tell(f"{task_id}: {why}")
    if result.refused:
        raise typer.Exit(FAILED)


def _report(seen: int, *, before: int, size: int) -> None:
    """After every batch where somebody watches, elsewhere now and then."""
    if sys.stderr.isatty() or seen // REPORT_EVERY > before // REPORT_EVERY:
        tell(f"{humanize.count(seen)}, of {humanize.count(size)} at most")
