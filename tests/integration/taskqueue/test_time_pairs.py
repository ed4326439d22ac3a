"""Features that meet in time: a delay and a deadline, a schedule and the new name of an entry."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from internal.ports.tasks import TaskOptions
from tests.support.faults.rounds import IS_LONG
from tests.support.queue_contents import queued
from tests.support.schedulers import (
    assert_complete,
    every,
    scheduler_on,
    scheduling,
    slot_of,
    until_published,
)
from tests.support.taskqueue.feature_site import Site, Step, name_of

MOMENTS = st.integers(0, 6).map(lambda number: timedelta(milliseconds=40 * number))
SLACK = 0.02  # seconds: half of what lies between two moments
TENTH = timedelta(milliseconds=100)


def starts(site: Site, times: Sequence[tuple[timedelta, timedelta]]) -> dict[str, tuple[float, bool]]:
    """When a worker got each task, in seconds since it was published, and whether it was to give it up."""
    began, now = time.monotonic(), datetime.now(UTC)
    site.publish(
        *(
            (Step(name=f"{number}"), TaskOptions(delay=delay, deadline=now + deadline))
            for number, (delay, deadline) in enumerate(times)
        )
    )
    found: dict[str, tuple[float, bool]] = {}
    while len(found) < len(times) and time.monotonic() < began + 5:
        for delivery in site.fetch(0, 10):
            found[name_of(delivery)] = (time.monotonic() - began, delivery.is_overdue)
    return found


@pytest.mark.timeout(600 if IS_LONG else 60)
def test_a_delayed_task_is_given_up_when_it_is_due_if_its_deadline_has_passed(redis_url: str) -> None:
    @settings(max_examples=200 if IS_LONG else 6, deadline=None)
    @given(times=st.lists(st.tuples(MOMENTS, MOMENTS), min_size=1, max_size=8))
    def check(times: list[tuple[timedelta, timedelta]]) -> None:
        site = Site(redis_url)
        try:
            found = starts(site, times)
        finally:
            site.close()
        assert len(found) == len(times)
        for number, (delay, deadline) in enumerate(times):
            at, is_overdue = found[f"{number}"]
            assert at >= delay.total_seconds() - SLACK
            if abs(at - deadline.total_seconds()) > SLACK:
                assert is_overdue == (at > deadline.total_seconds())

    check()


@pytest.mark.anyio
@pytest.mark.parametrize("names", ["ab", "aba", "abab"])
async def test_an_entry_with_a_new_name_is_a_new_entry_and_the_old_one_goes_on_if_it_comes_back(
    redis_url: str, names: str
) -> None:
    count = 0
    for name in names:
        async with scheduling(scheduler_on(redis_url, every("100ms", name=name))):
            count = len(await until_published(redis_url, count + 4))

    ids = [task.id for task in queued(redis_url)]
    by_name = {
        name: sorted(slot_of(task_id) for task_id in ids if task_id.startswith(f"{name}:")) for name in names
    }
    assert len(set(ids)) == len(ids)
    for slots in by_name.values():
        assert_complete(slots, TENTH)
    assert by_name["b"][0] > by_name["a"][0] + 2 * TENTH
