"""Durations in fixed buckets, each twice as wide as the one before, and the row of a task name.

A row is a list of numbers: succeeded, retried and archived tasks; the longest wait and the longest run in ms;
the buckets of the waits; the buckets of the runs. To add two rows, add their numbers, but take the maximum of
the longest ones.
"""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from operator import add as plus

# Upper ends in seconds, from 1 ms to 37 h. The last bucket has no upper end.
BOUNDS = tuple(2**n / 1000 for n in range(28))
BUCKETS = len(BOUNDS) + 1

SUCCEEDED, RETRIED, ARCHIVED, LONGEST_WAIT, LONGEST_RUN = range(5)
WAITS = 5
RUNS = WAITS + BUCKETS
LENGTH = RUNS + BUCKETS

Row = list[int]


def empty_row() -> Row:
    return [0] * LENGTH


def no_counts() -> list[float]:
    return [0] * LENGTH


def written(counts: list[float]) -> Row:
    """The row of these counts, as Redis has it. The longest durations of counts are in seconds."""
    row = [int(number) for number in counts]
    for longest in (LONGEST_WAIT, LONGEST_RUN):
        row[longest] = ceil(counts[longest] * 1000)
    return row


def sum_of(one: Row, other: Row) -> Row:
    total = list(map(plus, one, other))
    for longest in (LONGEST_WAIT, LONGEST_RUN):
        total[longest] = max(one[longest], other[longest])
    return total


def quantile(buckets: Sequence[int], share: float, *, longest: timedelta) -> timedelta:
    """Estimate the duration that this share of the tasks did not exceed: within its bucket, evenly spread."""
    rank = share * sum(buckets)
    for n, count in enumerate(buckets):
        if count and rank <= count:
            lower = BOUNDS[n - 1] if n else 0.0
            upper = BOUNDS[n] if n < len(BOUNDS) else longest.total_seconds()
            return min(longest, timedelta(seconds=lower + (upper - lower) * rank / count))
        rank -= count
    return longest
