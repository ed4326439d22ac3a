import json
from time import monotonic
from typing import Any

import pytest
from dramatiq import Message

from internal.infrastructure.taskqueue.delivery.arrivals import Fetched, read_fetch
from internal.infrastructure.taskqueue.delivery.outcomes import Kind
from internal.infrastructure.taskqueue.delivery.settlements import FetchReply, TaskRow

TOKEN = "worker:1"
BROKEN: tuple[dict[str, Any], ...] = (
    {"kwargs": []},
    {"args": 1},
    {"options": None},
    {"actor_name": 1},
    {"more": 1},
)
READABLE: dict[str, Any] = Message[None]("default", "work", (), {}, {}).asdict()
DATA = json.dumps(READABLE).encode()


def read(*tasks: TaskRow, due_in: int = -1) -> Fetched:
    return read_fetch(FetchReply([], tasks, [], due_in), token=TOKEN)


def handed_out(
    data: bytes = DATA, *, left: object = b"", crashes: int = 0, cancelled: bool = False
) -> TaskRow:
    return TaskRow(b"default", b"1", data, left, int(crashes > 0), crashes, int(cancelled), 1500)


def test_a_delivery_has_the_token_of_the_call_that_fetched_it() -> None:
    [delivery] = read(handed_out()).deliveries

    assert delivery.lease == ("default", "1", TOKEN)
    assert (delivery.deadline, delivery.suspect, delivery.crashes) == (None, False, 0)
    assert delivery.waited == 1.5


def test_a_deadline_is_reckoned_from_now() -> None:
    soon, over = read(handed_out(left=60_000), handed_out(left=-1)).deliveries

    assert soon.deadline is not None
    assert 59 < soon.deadline - monotonic() <= 60
    assert over.is_overdue


def test_a_task_of_which_workers_died_is_a_suspect() -> None:
    [delivery] = read(handed_out(crashes=2)).deliveries

    assert (delivery.suspect, delivery.crashes) == (True, 2)


@pytest.mark.parametrize(("due_in", "seconds"), [(-1, None), (0, 0), (1500, 1.5)])
def test_says_in_seconds_when_something_is_due(due_in: int, seconds: float | None) -> None:
    assert read(due_in=due_in).due_in == seconds


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no JSON",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 100_000,
        json.dumps({"actor_name": "work"}).encode(),
        *(json.dumps({**READABLE, **change}).encode() for change in BROKEN),
    ],
    ids=lambda data: str(data[:40]),
)
def test_archives_what_it_cannot_read_and_goes_on(data: bytes) -> None:
    fetched = read(handed_out(data), handed_out())

    [unreadable] = fetched.unreadable
    assert unreadable.lease == ("default", "1", TOKEN)
    assert (unreadable.outcome.kind, unreadable.outcome.message) == (Kind.ARCHIVED, b"")
    assert unreadable.outcome.note.startswith(b"cannot be read: ")
    assert len(fetched.deliveries) == 1
    assert (fetched.tasks, fetched.size) == (2, len(data) + len(DATA))


@pytest.mark.parametrize("task_id", [b"\xff", b"\xc3", b"\xed\xa0\x80"], ids=["no byte", "cut", "surrogate"])
def test_archives_a_task_whose_id_is_not_utf_8(task_id: bytes) -> None:
    fetched = read(handed_out()._replace(task_id=task_id), handed_out())

    [unreadable] = fetched.unreadable
    assert unreadable.lease.task_id.encode(errors="surrogateescape") == task_id
    assert unreadable.outcome.note == b"cannot be read: its id is not UTF-8"
    assert len(fetched.deliveries) == 1


def test_a_task_that_an_operator_has_cancelled_is_marked() -> None:
    fetched = read(handed_out(cancelled=True), handed_out())

    assert [delivery.is_cancelled for delivery in fetched.deliveries] == [True, False]
