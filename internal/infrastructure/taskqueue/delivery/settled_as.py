from internal.infrastructure.taskqueue.delivery.backoff import LONGEST
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.failed_attempt import Undecided, by_default
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, Kind, Outcome


def settled_as(delivery: Delivery) -> Outcome:
    """The outcome of a run: what middleware has decided, else done unless it has failed."""
    if delivery.outcome:
        return delivery.outcome
    if delivery.failed or delivery.attempt.is_undecided:
        return by_default(delivery, Undecided() if delivery.error is None else delivery.error)
    keep_for = delivery.options.get("retention", 0)
    if type(keep_for) is not int or not 0 < keep_for <= LONGEST:
        return DONE
    return Outcome(Kind.DONE, keep_for, note=delivery.attempt.result)
