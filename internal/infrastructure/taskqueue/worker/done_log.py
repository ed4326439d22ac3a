import logging

import structlog

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.telemetry.log import TASKS

log = structlog.get_logger(TASKS)
_logger = logging.getLogger(TASKS)


def log_done(delivery: Delivery) -> None:
    """Log at DEBUG that a task is done. As a rule that level is off, and this costs next to nothing."""
    if _logger.isEnabledFor(logging.DEBUG):
        log.debug(
            "task.done",
            task_id=delivery.task_id,
            task=delivery.actor_name,
            queue=delivery.queue,
            milliseconds=round(delivery.attempt.seconds * 1000, 1),
        )
