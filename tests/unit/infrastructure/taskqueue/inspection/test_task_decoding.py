from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from internal.infrastructure.taskqueue.inspection.task_decoding import TaskRow
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import TaskState

MESSAGE = {
    "queue_name": "default",
    "actor_name": "work",
    "args": [],
    "kwargs": {},
    "options": {},
    "message_id": "1",
    "message_timestamp": 1_000,
}


def read(message: bytes, *, record: dict[bytes, bytes] | None = None) -> TaskInfo:
    row = TaskRow("1", "2000", message, None, record or {})
    return row.info("default", TaskState.ARCHIVED, archive_for=timedelta(days=90), cipher=None)


def read_message(**changes: Any) -> TaskInfo:
    return read(msgspec.json.encode({**MESSAGE, **changes}))


@pytest.mark.parametrize(
    ("args", "kwargs", "payload"),
    [
        ([], {"a": 1}, {"a": 1}),
        ([1, 2], {}, [1, 2]),
        ([1], {"a": 2}, {"args": [1], "kwargs": {"a": 2}}),
        ([], {}, {}),
    ],
)
def test_the_payload_is_what_the_task_was_sent_with(
    args: list[Any], kwargs: dict[str, Any], payload: Any
) -> None:
    assert read_message(args=args, kwargs=kwargs).payload == payload


def test_what_the_message_does_not_say_is_not_known() -> None:
    task = read_message()

    assert (task.max_retries, task.timeout, task.retries, task.retention) == (None, None, 0, timedelta(0))
    assert task.published_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_a_time_beyond_the_calendar_is_its_end() -> None:
    row = TaskRow("1", str(10**17), msgspec.json.encode(MESSAGE))

    task = row.info("default", TaskState.SCHEDULED, archive_for=timedelta(days=90), cipher=None)

    assert task.due is not None
    assert task.due.year == 9999


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        msgspec.json.encode({**MESSAGE, "options": None}),
        msgspec.json.encode({**MESSAGE, "options": {"time_limit": "soon"}}),
        msgspec.json.encode({**MESSAGE, "options": {"headers": 7}}),
        msgspec.json.encode({**MESSAGE, "message_timestamp": -(10**30)}),
    ],
)
def test_bytes_that_are_not_a_message_are_shown_as_they_are(message: bytes) -> None:
    task = read(message)

    assert (task.raw, task.name) == (message, None)


def test_attempts_are_in_the_order_of_their_times_and_a_plain_note_is_an_error() -> None:
    task = read(
        b"",
        record={
            b"attempt:1700000000002": b"cannot be read: \xff",
            b"attempt:1700000000001": b'{"retries":3,"error":"no"}',
            b"deadline": b"5000",
        },
    )

    assert [(attempt.retries, attempt.error) for attempt in task.history] == [
        (3, "no"),
        (0, "cannot be read: \\xff"),
    ]
    assert task.last_error == "cannot be read: \\xff"
    assert task.deadline == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
