from dramatiq import Message

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import DONE
from internal.infrastructure.taskqueue.delivery.settlements import Lease
from internal.infrastructure.taskqueue.protocol.histogram import ARCHIVED, RETRIED, SUCCEEDED, Row
from internal.infrastructure.taskqueue.worker.statistics import Statistics
from internal.ports.task_statistics import Figures


def row_of(*waits_and_runs: tuple[float, float], figures: Figures | None = None) -> Row:
    """The row of a worker whose tasks waited and ran for these seconds; `figures` replaces its counts."""
    statistics = Statistics({"work"})
    for waited, ran in waits_and_runs:
        message = Message[None]("default", "work", (), {}, {})
        delivery = Delivery(message, lease=Lease("default", "1", "token"), waited=waited)
        attempt = delivery.begin()
        attempt.started_at, attempt.seconds = delivery.fetched_at, ran
        statistics.add(delivery, DONE)
    batch = statistics.take()
    assert batch
    [(_, _, row)] = batch[1]
    if figures:
        row[SUCCEEDED], row[RETRIED], row[ARCHIVED] = figures.succeeded, figures.retried, figures.archived
    return row
