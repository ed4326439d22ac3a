from datetime import timedelta

from internal.infrastructure.taskqueue.worker.queue_shares import QueueLimit, QueueShares
from internal.ports.tasks import Rate

WEIGHTS = {"low": 1, "critical": 6, "default": 3}


def owed(shares: QueueShares) -> list[tuple[str, int, int]]:
    return [(row.queue, row.weight, row.credit) for row in shares.rows]


def test_says_how_many_of_a_queue_may_run_and_start() -> None:
    limits = {"low": QueueLimit(max_running=2), "critical": QueueLimit(rate=Rate(10, timedelta(minutes=1)))}

    rows = QueueShares(WEIGHTS, limits=limits).rows

    assert [(row.max_running, row.rate, row.per) for row in rows] == [(0, 10, 60_000), (0, 0, 0), (2, 0, 0)]


def test_asks_for_the_heaviest_queue_first() -> None:
    assert owed(QueueShares(WEIGHTS)) == [("critical", 6, 0), ("default", 3, 0), ("low", 1, 0)]


def test_remembers_what_each_queue_is_owed() -> None:
    shares = QueueShares(WEIGHTS)

    shares.owe(shares.rows, (-4, 3, 1))

    assert owed(shares) == [("critical", 6, -4), ("default", 3, 3), ("low", 1, 1)]


def test_a_queue_may_be_declared_while_a_reply_is_on_its_way() -> None:
    shares = QueueShares(WEIGHTS)
    asked = shares.rows
    shares.serve({**WEIGHTS, "new": 9})

    shares.owe(asked, (-4, 3, 1))

    assert owed(shares) == [("new", 9, 0), ("critical", 6, -4), ("default", 3, 3), ("low", 1, 1)]
