from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from internal.infrastructure.http.dashboard.task_query import TaskQuery
from internal.ports.task_inspector import TaskAction, TaskFilter
from internal.ports.tasks import TaskState

NOW = datetime(2030, 1, 31, 9, 30, tzinfo=UTC)


def query_of(address: str, *, may_search_payloads: bool = True) -> TaskQuery:
    given = dict(parse_qsl(address.partition("?")[2]))
    return TaskQuery.of(given, queue="default", may_search_payloads=may_search_payloads)


def test_an_address_has_all_of_a_list() -> None:
    query = TaskQuery(
        queue="low",
        state=TaskState.RETRY,
        name="a&b",
        error="no",
        payload="ü",
        last="1h",
        since="2030-01-31T09:00:00",
        until="2030-01-31T10:00:01",
        order="oldest",
        size=100,
        cursor="c",
        seen=1000,
        found=3,
    )

    assert query_of(query.address()) == query


def test_the_first_page_keeps_the_filters() -> None:
    query = TaskQuery(queue="low", name="a", cursor="c", seen=1000, found=3)

    assert query_of(query.first(state=TaskState.RETRY)) == TaskQuery(
        queue="low", name="a", state=TaskState.RETRY
    )


def test_an_address_has_nothing_that_goes_without_saying() -> None:
    assert TaskQuery(queue="low").address() == "/dashboard/tasks?queue=low"
    assert TaskQuery(queue="low").address(action=TaskAction.RUN) == "/dashboard/tasks?queue=low&action=run"


@pytest.mark.parametrize(
    "query",
    [
        "state=stored",
        "state=x",
        "size=31",
        "size=-1",
        "seen=x",
        "found=-1",
        "order=x",
        "seen=²",
        "last=1",
        "since=x",
    ],
)
def test_leaves_out_what_it_does_not_know(query: str) -> None:
    assert query_of(f"?{query}") == TaskQuery(queue="default")


def test_who_may_not_see_payloads_cannot_search_them() -> None:
    query = query_of("?payload=ada&error=no", may_search_payloads=False)

    assert query.only(NOW) == TaskFilter(error="no")


def test_a_list_without_filters_has_no_filter() -> None:
    assert TaskQuery(queue="low").only(NOW) is None


def test_a_state_has_the_actions_that_apply_to_it() -> None:
    assert list(TaskQuery(queue="low", state=TaskState.ACTIVE).actions) == [TaskAction.CANCEL]
    assert list(TaskQuery(queue="low").actions) == list(TaskAction)


@pytest.mark.parametrize(
    ("given", "since"),
    [
        ("last=15m", NOW - timedelta(minutes=15)),
        ("since=2030-01-31T09:00", NOW - timedelta(minutes=30)),
        ("since=2030-01-31T10:00:00%2B01:00", NOW - timedelta(minutes=30)),
        ("last=1h&since=2030-01-31T09:00", NOW - timedelta(minutes=30)),
        ("last=15m&since=2030-01-31T09:00", NOW - timedelta(minutes=15)),
    ],
)
def test_the_later_start_counts(given: str, since: datetime) -> None:
    assert query_of(f"?{given}").only(NOW) == TaskFilter(since=since)


def test_an_end_is_a_filter() -> None:
    assert query_of("?until=2030-01-31T09:30").only(NOW) == TaskFilter(until=NOW)


def test_an_action_is_for_a_time_that_does_not_move() -> None:
    query = query_of("?last=1h&until=2030-01-31T09:30").at(NOW)

    later = NOW + timedelta(hours=5)
    assert query.only(later) == TaskFilter(since=NOW - timedelta(hours=1), until=NOW)


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2030-02-30", "\0"]
)
def test_leaves_out_a_time_that_does_not_exist(time: str) -> None:
    query = TaskQuery.of({"since": time, "until": time}, queue="low", may_search_payloads=True)

    assert query == TaskQuery(queue="low")
    assert query.ignores({"since": time}) == ["since"]


def test_says_which_filters_it_ignores() -> None:
    given = {"name": "a", "error": "x" * 201, "payload": " b ", "last": "2h", "until": "2030-01-31T09:30"}

    query = TaskQuery.of(given, queue="low", may_search_payloads=True)

    assert query.ignores(given) == ["error", "last"]
