"""The part of the TaskInspector that tells what tasks did over time."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Protocol

import pytest

from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_statistics import Counts, Figures, Span
from tests.fakes.clock import FakeClock
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.taskqueue.counted import row_of
from tests.support.taskqueue.engine import Engine, engine_on
from tests.support.taskqueue.inspectors import inspector_on

pytestmark = pytest.mark.anyio

DONE = Figures(succeeded=1)
LENGTHS = {
    Span.HOUR: (timedelta(minutes=1), 60),
    Span.DAY: (timedelta(minutes=10), 144),
    Span.WEEK: (timedelta(minutes=10), 1008),
    Span.MONTH: (timedelta(days=1), 30),
    Span.QUARTER: (timedelta(days=1), 90),
}


class Counting(Protocol):
    def did(
        self, name: str, figures: Figures = DONE, *, queue: str = "default", waited: int = 0, ran: int = 0
    ) -> None:
        """Count an attempt that ended now; times are in ms."""
        ...


@dataclass(frozen=True)
class InMemory:
    inspector: FakeTaskInspector

    def did(
        self, name: str, figures: Figures = DONE, *, queue: str = "default", waited: int = 0, ran: int = 0
    ) -> None:
        wait, run = timedelta(milliseconds=waited), timedelta(milliseconds=ran)
        self.inspector.count_attempt(queue, name, figures, waited=wait, ran=run)


@dataclass(frozen=True)
class InRedis:
    engine: Engine
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def did(
        self, name: str, figures: Figures = DONE, *, queue: str = "default", waited: int = 0, ran: int = 0
    ) -> None:
        row = row_of((waited / 1000, ran / 1000), figures=figures)
        rows = [(queue, name, row)]
        self.engine.call(scripts.ADD_STATISTICS, ("worker", next(self.numbers), rows))


@dataclass(frozen=True)
class Office:
    inspector: TaskInspector
    counting: Counting


@pytest.fixture(params=["fake", "redis"])
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    if request.param == "fake":
        fake = FakeTaskInspector(FakeClock(datetime.now(UTC)))
        yield Office(fake, InMemory(fake))
        return
    redis_url: str = request.getfixturevalue("redis_url")
    with engine_on(redis_url) as engine:
        async with inspector_on(redis_url) as inspector:
            yield Office(inspector, InRedis(engine))


@pytest.mark.parametrize("span", Span)
async def test_without_attempts_all_periods_are_empty(office: Office, span: Span) -> None:
    found = await office.inspector.statistics(span)

    length, number = LENGTHS[span]
    assert (found.span, found.length, len(found.periods)) == (span, length, number)
    assert {period.figures for period in found.periods} == {Figures()}
    begins = [period.begins for period in found.periods]
    assert {later - earlier for earlier, later in pairwise(begins)} == {length}
    assert begins[-1] <= datetime.now(UTC) < begins[-1] + length + timedelta(minutes=1)
    assert (list(found.tasks), found.total) == ([], Figures())


@pytest.mark.parametrize("span", Span)
async def test_attempts_are_counted_by_queue_and_name(office: Office, span: Span) -> None:
    office.counting.did("mail", Figures(succeeded=3))
    office.counting.did("mail", Figures(retried=1))
    office.counting.did("mail", Figures(archived=2), queue="low")
    office.counting.did("bill")

    found = await office.inspector.statistics(span)

    assert [(one.queue, one.name) for one in found.tasks] == [
        ("default", "bill"),
        ("default", "mail"),
        ("low", "mail"),
    ]
    bill, mail, low = (one.figures for one in found.tasks)
    assert (bill.succeeded, bill.failed) == (1, 0)
    assert (mail.succeeded, mail.retried, mail.archived, mail.failed) == (3, 1, 0, 1)
    assert (low.succeeded, low.failed) == (0, 2)
    assert (found.total.succeeded, found.total.retried, found.total.archived) == (4, 1, 2)


async def test_attempts_belong_to_the_period_in_which_they_ended(office: Office) -> None:
    office.counting.did("mail")

    found = await office.inspector.statistics(Span.HOUR)

    *earlier, before, last = (period.figures.succeeded for period in found.periods)
    # The minute may have ended in between.
    assert (before, last) in {(0, 1), (1, 0)}
    assert not any(earlier)


async def test_durations_are_estimated(office: Office) -> None:
    for _ in range(90):
        office.counting.did("mail", waited=10, ran=100)
    for _ in range(10):
        office.counting.did("mail", waited=2000, ran=30_000)

    [mail] = (await office.inspector.statistics(Span.DAY)).tasks

    waited, ran = mail.figures.waited, mail.figures.ran
    assert waited is not None
    assert ran is not None
    assert timedelta(milliseconds=5) <= waited.p50 <= timedelta(milliseconds=20)
    assert timedelta(milliseconds=1000) <= waited.p95 <= timedelta(milliseconds=2000)
    assert waited.longest == timedelta(milliseconds=2000)
    assert timedelta(milliseconds=50) <= ran.p50 <= timedelta(milliseconds=200)
    assert timedelta(seconds=15) <= ran.p95 <= timedelta(seconds=30)
    assert ran.longest == timedelta(seconds=30)


async def test_the_last_hour_is_also_counted_by_task_name_and_minute(office: Office) -> None:
    office.counting.did("mail", Figures(succeeded=2, retried=1))
    office.counting.did("bill", Figures(archived=1))

    bill, mail = (await office.inspector.statistics(Span.HOUR)).tasks

    assert (len(bill.minutes), len(mail.minutes)) == (60, 60)
    # The minute may have ended in between.
    assert Counts(archived=1) in bill.minutes[-2:]
    assert Counts(succeeded=2, retried=1) in mail.minutes[-2:]
    assert [minute.ended for minute in mail.minutes].count(0) == 59


async def test_longer_spans_are_not_counted_by_minute(office: Office) -> None:
    office.counting.did("mail")

    [mail] = (await office.inspector.statistics(Span.DAY)).tasks

    assert list(mail.minutes) == []


@pytest.mark.parametrize("span", Span)
async def test_a_second_look_counts_what_ended_since_the_first(office: Office, span: Span) -> None:
    office.counting.did("mail", ran=100)
    await office.inspector.statistics(span)
    office.counting.did("mail", Figures(retried=1), ran=300)

    found = await office.inspector.statistics(span)

    [mail] = found.tasks
    assert (found.total.succeeded, found.total.retried) == (1, 1)
    assert (mail.figures.succeeded, mail.figures.retried) == (1, 1)
    assert mail.figures.ran is not None
    assert mail.figures.ran.longest == timedelta(milliseconds=300)
