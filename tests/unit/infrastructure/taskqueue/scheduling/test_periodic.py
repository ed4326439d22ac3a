from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from internal.infrastructure.taskqueue.scheduling.periodic import (
    InvalidSchedule,
    PeriodicTask,
    validate_schedule,
)
from internal.infrastructure.taskqueue.scheduling.scheduler import task_id
from internal.ports.tasks import Task, TaskOptions
from tests.support.schedulers import Tick, publisher_on

NOWHERE = "redis://localhost:1/0"  # what is only planned connects to nothing
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutRoute:
    task_name: ClassVar[str] = "test:without-route"
    task_options: ClassVar[TaskOptions] = TaskOptions()


def entry(
    *, name: str = "tick", spec: str = "@daily", task: Task | None = None, **fields: Any
) -> PeriodicTask:
    return PeriodicTask(name=name, spec=spec, task=task or Tick(), **fields)


def test_an_entry_has_its_tasks_options_unless_it_has_its_own() -> None:
    own = TaskOptions(queue="critical")

    first, second = validate_schedule(
        [entry(name="a"), entry(name="b", options=own)], encoder=publisher_on(NOWHERE)
    )

    assert (first.options, second.options) == (Tick.task_options, own)


def test_a_schedule_may_be_empty() -> None:
    assert validate_schedule([], encoder=publisher_on(NOWHERE)) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"spec": "61 * * * *"}, "'tick': '61 .*' is not a cron expression: bad minute"),
        ({"time_zone": "Mars/Olympus"}, "'tick': unknown time zone 'Mars/Olympus'"),
        ({"name": "a:b"}, "'a:b': the name"),
        ({"name": ""}, "'': the name"),
        ({"name": "a" * 101}, "the name"),
        ({"catch_up": timedelta(milliseconds=999)}, "catch_up"),
        ({"task": WithoutRoute()}, "no route for task 'test:without-route'"),
        ({"options": TaskOptions(queue="nowhere")}, "unknown queue 'nowhere'"),
        ({"options": TaskOptions(task_id="mine")}, "cannot have task_id"),
        ({"options": TaskOptions(deadline=NOON)}, "cannot have deadline"),
        ({"options": TaskOptions(process_at=NOON)}, "cannot have process_at"),
    ],
)
def test_an_entry_that_cannot_work_is_refused_in_one_line(wrong: Mapping[str, Any], says: str) -> None:
    with pytest.raises(InvalidSchedule, match=says) as refused:
        validate_schedule([entry(**wrong)], encoder=publisher_on(NOWHERE))

    assert "\n" not in str(refused.value)


def test_a_name_that_is_there_twice_is_refused() -> None:
    with pytest.raises(InvalidSchedule, match="2 entries are named 'tick'"):
        validate_schedule([entry(), entry(spec="@hourly")], encoder=publisher_on(NOWHERE))


def test_the_id_of_a_task_names_entry_and_slot() -> None:
    assert task_id("tick", NOON) == "tick:2030-01-01T12:00:00Z"
    assert task_id("tick", NOON + timedelta(milliseconds=250)) == "tick:2030-01-01T12:00:00.250Z"
    in_berlin = datetime.fromisoformat("2030-01-01T13:00:00+01:00")
    assert task_id("tick", in_berlin) == "tick:2030-01-01T12:00:00Z"
