from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from internal.ports.option_rules import LONGEST_KEY
from internal.ports.tasks import Rate, RetryLater, TaskOptions, TaskOverrides

MOMENT = datetime(2030, 1, 1, tzinfo=UTC)
NAIVE = MOMENT.replace(tzinfo=None)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"max_retries": 0},
        {"delay": timedelta(0)},
        {"process_at": MOMENT, "deadline": MOMENT},
        {"unique_for": SECOND, "unique_key": "key"},
        {"max_running": 1, "rate": Rate(1, SECOND)},
    ],
)
def test_accepts_what_makes_sense(values: dict[str, Any]) -> None:
    options = TaskOptions(**values)

    assert {name: getattr(options, name) for name in values} == values


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"queue": " "}, "queue must not be blank"),
        ({"task_id": ""}, "task_id must not be blank"),
        ({"max_retries": -1}, "max_retries must not be negative"),
        ({"timeout": timedelta(0)}, "timeout must be at least 1 ms"),
        ({"deadline": NAIVE}, "deadline must be an aware datetime"),
        ({"process_at": NAIVE}, "process_at must be an aware datetime"),
        ({"delay": -SECOND}, "delay must not be negative"),
        ({"delay": SECOND, "process_at": MOMENT}, "delay and process_at exclude each other"),
        ({"unique_for": timedelta(microseconds=999)}, "unique_for must be at least 1 ms"),
        ({"unique_key": "key"}, "unique_key needs unique_for"),
        ({"retention": -SECOND}, "retention must not be negative"),
        ({"max_running": 0}, "max_running must be at least 1"),
        ({"limit_key": "key"}, "limit_key needs max_running or rate"),
    ],
)
def test_refuses_what_makes_none(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}$"):
        TaskOptions(**values)


@pytest.mark.parametrize(("limit", "per"), [(0, SECOND), (1, timedelta(0))])
def test_refuses_a_rate_that_lets_nothing_start(limit: int, per: timedelta) -> None:
    with pytest.raises(ValueError, match="of a rate must be at least 1"):
        Rate(limit, per)


def test_an_override_replaces_only_what_it_names() -> None:
    options = TaskOptions(queue="low", max_retries=3)

    overridden = options.override({"max_retries": 5})

    assert overridden == TaskOptions(queue="low", max_retries=5)
    assert options.max_retries == 3


@pytest.mark.parametrize(
    ("options", "overrides", "expected"),
    [
        (TaskOptions(process_at=MOMENT), {"delay": SECOND}, TaskOptions(delay=SECOND)),
        (TaskOptions(delay=SECOND), {"process_at": MOMENT}, TaskOptions(process_at=MOMENT)),
        (TaskOptions(delay=SECOND), {"delay": None}, TaskOptions()),
    ],
)
def test_a_new_start_time_replaces_the_old_one(
    options: TaskOptions, overrides: TaskOverrides, expected: TaskOptions
) -> None:
    assert options.override(overrides) == expected


@pytest.mark.parametrize("name", ["unique_key", "limit_key"])
def test_a_key_is_short(name: str) -> None:
    def options(key: str) -> TaskOptions:
        values: dict[str, Any] = {"unique_for": SECOND, "max_running": 1, name: key}
        return TaskOptions(**values)

    options("x" * LONGEST_KEY)
    with pytest.raises(ValueError, match=f"^{name} must not be longer than {LONGEST_KEY} characters$"):
        options("x" * (LONGEST_KEY + 1))


def test_an_override_is_checked_as_well() -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        TaskOptions().override({"delay": SECOND, "process_at": MOMENT})


def test_retry_later_says_when() -> None:
    assert str(RetryLater(timedelta(milliseconds=1500))) == "retry in 1.500 s"
