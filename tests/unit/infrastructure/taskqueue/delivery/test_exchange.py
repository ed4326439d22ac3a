import json
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from dramatiq import Message

from internal.infrastructure.taskqueue.delivery.delivery import Cancelled
from internal.infrastructure.taskqueue.delivery.exchange import Demand, Exchange, QueueLimit, Settlement
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.ports.tasks import Rate

DEMAND = Demand(total=3, direct=2, suspect=True)
WEIGHTS = {"low": 1, "critical": 6, "default": 3}
BROKEN: tuple[dict[str, Any], ...] = (
    {"kwargs": []},
    {"args": 1},
    {"options": None},
    {"actor_name": 1},
    {"more": 1},
)
READABLE: dict[str, Any] = Message[None]("default", "work", (), {}, {}).asdict()


@pytest.fixture
def exchange() -> Exchange:
    """One that has asked, and reads replies."""
    exchange = Exchange(queues=WEIGHTS, strict=False, timing=Timing())
    exchange.request([], DEMAND)
    return exchange


def reply(*tasks: Any, credits: tuple[int, ...] = (0, 0, 0), due_in: int = -1) -> list[Any]:  # noqa: A002 - the script's word
    return [[], list(tasks), list(credits), due_in]


def handed_out(data: bytes, *, left: object = b"", crashes: int = 0, cancelled: bool = False) -> list[Any]:
    return [b"default", b"1", data, left, int(crashes > 0), crashes, int(cancelled)]


def shares(request: list[Any]) -> list[tuple[str, int, int]]:
    """Of each queue its name, its weight and what it is owed."""
    return [row[:3] for row in request[6]]


def test_says_how_many_of_a_queue_may_run_and_start() -> None:
    limits = {"low": QueueLimit(max_running=2), "critical": QueueLimit(rate=Rate(10, timedelta(minutes=1)))}
    exchange = Exchange(queues=WEIGHTS, strict=False, timing=Timing(), limits=limits)

    rows = exchange.request([], DEMAND)[6]

    assert [row[3:] for row in rows] == [(0, 10, 60_000), (0, 0, 0), (2, 0, 0)]


def test_asks_for_the_heaviest_queue_first(exchange: Exchange) -> None:
    request = exchange.request([], DEMAND)

    assert shares(request) == [("critical", 6, 0), ("default", 3, 0), ("low", 1, 0)]


def test_says_what_it_can_take(exchange: Exchange) -> None:
    assert exchange.request([], DEMAND)[8:11] == [3, 2, 1]


def test_no_two_calls_have_the_same_token(exchange: Exchange) -> None:
    other = Exchange(queues=WEIGHTS, strict=False, timing=Timing())

    tokens = {asker.request([], DEMAND)[2] for asker in (exchange, exchange, other)}

    assert len(tokens) == 3


def test_remembers_what_each_queue_is_owed(exchange: Exchange) -> None:
    exchange.read(reply(credits=(-4, 3, 1)))

    assert shares(exchange.request([], DEMAND)) == [("critical", 6, -4), ("default", 3, 3), ("low", 1, 1)]


def test_a_queue_may_be_declared_while_a_reply_is_on_its_way(exchange: Exchange) -> None:
    exchange.serve({**WEIGHTS, "new": 9})

    exchange.read(reply(credits=(-4, 3, 1)))

    owed = shares(exchange.request([], DEMAND))
    assert owed == [("new", 9, 0), ("critical", 6, -4), ("default", 3, 3), ("low", 1, 1)]


def test_a_delivery_has_the_token_of_the_call_that_fetched_it(exchange: Exchange) -> None:
    token = exchange.request([], DEMAND)[2]

    [delivery] = exchange.read(reply(handed_out(json.dumps(READABLE).encode()))).deliveries

    assert delivery.lease == ("default", "1", token)
    assert (delivery.deadline, delivery.suspect, delivery.crashes) == (None, False, 0)


def test_a_deadline_is_reckoned_from_now(exchange: Exchange) -> None:
    data = json.dumps(READABLE).encode()

    fetched = exchange.read(reply(handed_out(data, left=60_000), handed_out(data, left=-1)))

    soon, over = fetched.deliveries
    assert soon.deadline is not None
    assert 59 < soon.deadline - monotonic() <= 60
    assert over.is_overdue


def test_what_a_worker_died_of_is_a_suspect(exchange: Exchange) -> None:
    [delivery] = exchange.read(reply(handed_out(json.dumps(READABLE).encode(), crashes=2))).deliveries

    assert (delivery.suspect, delivery.crashes) == (True, 2)


@pytest.mark.parametrize(("due_in", "seconds"), [(-1, None), (0, 0), (1500, 1.5)])
def test_says_in_seconds_when_something_is_due(
    exchange: Exchange, due_in: int, seconds: float | None
) -> None:
    assert exchange.read(reply(due_in=due_in)).due_in == seconds


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
def test_archives_what_it_cannot_read_and_goes_on(exchange: Exchange, data: bytes) -> None:
    token = exchange.request([], DEMAND)[2]
    readable = handed_out(json.dumps(READABLE).encode())

    fetched = exchange.read(reply(handed_out(data), readable))

    [unreadable] = fetched.unreadable
    assert unreadable.lease == ("default", "1", token)
    assert (unreadable.outcome.kind, unreadable.outcome.message) == (Kind.ARCHIVED, b"")
    assert unreadable.outcome.note.startswith(b"cannot be read: ")
    assert len(fetched.deliveries) == 1


def test_only_a_reconciliation_begins_an_epoch(exchange: Exchange) -> None:
    epochs = [exchange.extension([], reconcile=reconcile)[1] for reconcile in (False, True, False, True)]

    assert epochs == [0, 1, 1, 2]
    assert exchange.request([], DEMAND)[1] == 2


def test_an_outcome_without_a_message_leaves_the_stored_one() -> None:
    settlement = Settlement(("default", "1", "token"), Outcome(Kind.RETRY, 5))

    assert settlement.row == (Kind.RETRY, "default", "1", "token", 5, "", "")


def test_a_task_that_an_operator_cancelled_is_marked(exchange: Exchange) -> None:
    data = json.dumps(READABLE).encode()

    fetched = exchange.read(reply(handed_out(data, cancelled=True), handed_out(data)))

    assert [delivery.cancelled for delivery in fetched.deliveries] == [Cancelled.OPERATOR, None]
