import logging
from time import monotonic

import structlog

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.telemetry.log import TASKS

log = structlog.get_logger(TASKS)
_logger = logging.getLogger(TASKS)


def tell_done(delivery: Delivery) -> None:
    """Log a line for a task that is done, at DEBUG; as a rule that is off, and costs next to nothing."""
    if _logger.isEnabledFor(logging.DEBUG):
        started = delivery.started_at or monotonic()
        log.debug(
            "task.done",
            task_id=delivery.task_id,
            task=delivery.actor_name,
            queue=delivery.queue,
            milliseconds=round((monotonic() - started) * 1000, 1),
        )
