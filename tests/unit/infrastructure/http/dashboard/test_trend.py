from datetime import UTC, datetime, timedelta

import pytest

from internal.infrastructure.http.dashboard.trend import MOST_TASKS, Trend, minutes_of
from internal.infrastructure.http.dashboard.trends import Trends
from internal.ports.task_snapshots import TaskInfo
from internal.ports.task_statistics import Figures, Span, TaskStatistics
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import FakeClock
from tests.fakes.task_inspector import FakeTaskInspector

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 30, 12, 30, 20, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def inspector(clock: FakeClock) -> FakeTaskInspector:
    return FakeTaskInspector(clock)


@pytest.fixture
def trends(inspector: FakeTaskInspector, clock: FakeClock) -> Trends:
    return Trends(inspector, clock=clock)


def did(inspector: FakeTaskInspector, name: str, figures: Figures, *, queue: str = "default") -> None:
    inspector.count_attempt(queue, name, figures, waited=SECOND, ran=2 * SECOND)


async def trend_in(trends: Trends, span: Span = Span.HOUR) -> Trend:
    trend = await trends.of(span)
    assert trend
    return trend


@pytest.mark.parametrize(
    ("span", "columns"),
    [(Span.HOUR, 60), (Span.DAY, 144), (Span.WEEK, 169), (Span.MONTH, 30), (Span.QUARTER, 90)],
)
async def test_a_chart_has_no_more_columns_than_a_page_has_room_for(
    trends: Trends, inspector: FakeTaskInspector, span: Span, columns: int
) -> None:
    did(inspector, "mail", Figures(succeeded=3, retried=2, archived=1))

    trend = await trend_in(trends, span)

    assert len(trend.chart.past) == columns
    assert [column.height for column in trend.chart.past] == [0] * (columns - 1) + [6]
    assert (trend.total.succeeded, trend.total.retried, trend.total.archived) == (3, 2, 1)


async def test_only_the_hour_shows_what_is_due(trends: Trends, inspector: FakeTaskInspector) -> None:
    due = NOW + timedelta(minutes=3)
    inspector.add(TaskInfo(id="1", queue="default", state=TaskState.SCHEDULED, name="mail", due=due))

    hour, day = await trend_in(trends), await trend_in(trends, Span.DAY)

    assert hour.due == 1
    assert [column.due for column in hour.chart.ahead][:5] == [0, 0, 0, 1, 0]
    assert list(day.chart.ahead) == []


async def test_cards_have_counts_and_durations(trends: Trends, inspector: FakeTaskInspector) -> None:
    did(inspector, "mail", Figures(succeeded=90, retried=10))

    cards = (await trend_in(trends)).cards

    assert [(card.title, card.value, card.note, card.more) for card in cards] == [
        ("Succeeded", "90", "1.5 per minute", ""),
        ("Failed attempts", "10.0 %", "10 of 100", ""),
        ("Wait time", "1s", "p95", "p50 1s · max 1s"),
        ("Run time", "2s", "p95", "p50 2s · max 2s"),
    ]
    assert [card.is_bad for card in cards] == [False, True, False, False]


@pytest.mark.parametrize(
    ("span", "succeeded", "note"),
    [(Span.HOUR, 7, "7.0 per hour"), (Span.WEEK, 7, "1.0 per day"), (Span.HOUR, 0, "")],
)
async def test_a_rare_success_is_counted_per_hour_or_day(
    trends: Trends, inspector: FakeTaskInspector, span: Span, succeeded: int, note: str
) -> None:
    did(inspector, "mail", Figures(succeeded=succeeded))

    assert (await trend_in(trends, span)).cards[0].note == note


async def test_without_attempts_there_are_no_durations(trends: Trends) -> None:
    trend = await trend_in(trends)

    assert [(card.value, card.note) for card in trend.cards] == [("0", ""), *[("\N{EN DASH}", "")] * 3]
    assert trend.chart.is_empty
    assert list(trend.tasks) == []


async def test_lines_end_before_the_current_minute(
    trends: Trends, inspector: FakeTaskInspector, clock: FakeClock
) -> None:
    did(inspector, "mail", Figures(succeeded=1))

    at_once = await trend_in(trends)
    clock.advance(timedelta(minutes=1))
    later = await trend_in(trends)

    assert [card.line.line for card in at_once.cards] == [""] * 4
    assert [bool(card.line.line) for card in later.cards] == [True, False, True, True]


async def test_names_with_failures_come_first_and_the_rest_is_counted(
    trends: Trends, inspector: FakeTaskInspector
) -> None:
    for number in range(MOST_TASKS + 2):
        did(inspector, f"task-{number:02}", Figures(succeeded=100 - number))
    did(inspector, "broken", Figures(succeeded=1, retried=9))

    trend = await trend_in(trends)

    assert [row.task.name for row in trend.tasks][:3] == ["broken", "task-00", "task-01"]
    assert trend.tasks[0].is_failing
    assert trend.tasks[0].share_failed == 0.9
    assert (len(trend.tasks), trend.others) == (MOST_TASKS, 3)


async def test_small_charts_show_the_last_hour_in_every_span(
    trends: Trends, inspector: FakeTaskInspector, clock: FakeClock
) -> None:
    did(inspector, "mail", Figures(succeeded=1))
    clock.advance(timedelta(hours=2))
    did(inspector, "mail", Figures(succeeded=5), queue="low")

    trend = await trend_in(trends, Span.DAY)

    assert set(trend.queues) == {"low"}
    default, low = trend.tasks[1], trend.tasks[0]
    assert (default.task.queue, default.bars.succeeded) == ("default", "")
    assert low.bars.succeeded


async def test_the_minutes_of_a_queue_are_those_of_its_tasks(
    trends: Trends, inspector: FakeTaskInspector
) -> None:
    did(inspector, "mail", Figures(succeeded=2))
    did(inspector, "bill", Figures(succeeded=3, archived=1))
    did(inspector, "mail", Figures(succeeded=7), queue="low")

    hour = await trends.hour()

    assert hour
    last = minutes_of("default", hour)[-1]
    assert (last.succeeded, last.archived) == (5, 1)
    assert [minute.ended for minute in minutes_of("empty", hour)] == [0] * 60


async def test_viewers_share_a_trend_for_some_seconds(
    trends: Trends, inspector: FakeTaskInspector, clock: FakeClock
) -> None:
    first = await trends.of(Span.DAY)
    did(inspector, "mail", Figures(succeeded=1))

    assert await trends.of(Span.DAY) is first
    clock.advance(5 * SECOND)
    assert (await trend_in(trends, Span.DAY)).total.succeeded == 1


async def test_without_redis_nothing_is_known(clock: FakeClock) -> None:
    class Broken(FakeTaskInspector):
        async def statistics(self, span: Span) -> TaskStatistics:
            raise Unavailable(f"no answer about {span}")

    trends = Trends(Broken(clock), clock=clock)

    assert await trends.of(Span.WEEK) is None
    assert await trends.hour() is None
