from urllib.parse import parse_qsl

import pytest

from internal.infrastructure.http.dashboard.task_query import TaskQuery
from internal.ports.task_inspector import TaskAction, TaskFilter
from internal.ports.tasks import TaskState


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
    "query", ["state=stored", "state=x", "size=31", "size=-1", "seen=x", "found=-1", "order=x", "seen=²"]
)
def test_leaves_out_what_it_does_not_know(query: str) -> None:
    assert query_of(f"?{query}") == TaskQuery(queue="default")


def test_who_may_not_see_payloads_cannot_search_them() -> None:
    query = query_of("?payload=ada&error=no", may_search_payloads=False)

    assert query.only == TaskFilter(error="no")


def test_a_list_without_filters_has_no_filter() -> None:
    assert TaskQuery(queue="low").only is None


def test_a_state_has_the_actions_that_apply_to_it() -> None:
    assert list(TaskQuery(queue="low", state=TaskState.ACTIVE).actions) == [TaskAction.CANCEL]
    assert list(TaskQuery(queue="low").actions) == list(TaskAction)
