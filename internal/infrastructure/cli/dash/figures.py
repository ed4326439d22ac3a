"""The last hour, the next minutes and the workers in four lines."""

from collections.abc import Sequence

from internal.infrastructure import humanize
from internal.infrastructure.cli.dash.lines import fitted, slots_bar, spark_line
from internal.infrastructure.monitoring.snapshot import Snapshot
from internal.ports.task_statistics import DueMinute, TaskStatistics

_MINUTES = 60
# Columns at which a line has one character for each minute. Else, one for two minutes.
_WIDE = 110


def figure_lines(
    snapshot: Snapshot, statistics: TaskStatistics, due: Sequence[DueMinute], *, width: int
) -> Sequence[str]:
    periods = [period.figures for period in statistics.periods][-_MINUTES:]
    each = 1 if width >= _WIDE else 2
    done = _sums([figures.succeeded for figures in periods], each)
    failed = _sums([figures.failed for figures in periods], each)
    highest = max([*done, *failed, 1])
    lines = [
        f"done    {spark_line(done, highest=highest)}  {_done(statistics)}",
        f"failed  {spark_line(failed, highest=highest)}  {_failed(statistics)}",
        f"due     {_due(due)}",
        f"workers {_workers(snapshot)}",
    ]
    return [fitted(line, width) for line in lines]


def _sums(numbers: Sequence[int], each: int) -> Sequence[int]:
    return [sum(numbers[place : place + each]) for place in range(0, len(numbers), each)]


def _done(statistics: TaskStatistics) -> str:
    number = statistics.total.succeeded
    ran = statistics.total.ran
    p95 = f", p95 {humanize.precise_duration(ran.p95)}" if ran else ""
    return f"{humanize.count(number)} in 1h, {number / _MINUTES:,.1f}/min{p95}"


def _failed(statistics: TaskStatistics) -> str:
    total = statistics.total
    share = humanize.percent(humanize.error_rate(processed=total.succeeded, failed=total.failed))
    return f"{humanize.count(total.failed)} in 1h, {share}"


def _due(minutes: Sequence[DueMinute]) -> str:
    scheduled = sum(minute.scheduled for minute in minutes)
    retry = sum(minute.retry for minute in minutes)
    return f"{humanize.count(scheduled)} scheduled and {humanize.count(retry)} retry in 15 min"


def _workers(snapshot: Snapshot) -> str:
    workers = snapshot.workers or ()
    busy = sum(len(worker.running) for worker in workers)
    bar = slots_bar(busy, snapshot.slots)
    slots = f"{humanize.count(busy)} of {humanize.counted(snapshot.slots, 'slot')}"
    processes = humanize.counted(len(workers), "process", "processes")
    return f"{bar} {slots} of {processes}{_outbox(snapshot)}"


def _outbox(snapshot: Snapshot) -> str:
    if snapshot.outbox is None:
        return ""
    return f"; outbox {humanize.count(snapshot.outbox.waiting)} waiting"
