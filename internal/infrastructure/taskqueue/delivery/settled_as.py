from internal.infrastructure.taskqueue.delivery.backoff import LONGEST
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.failed_attempt import Undecided, by_default
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, Kind, Outcome


def settled_as(delivery: Delivery) -> Outcome:
    """What a run comes to: as the middleware decided, else done only if nothing speaks against it."""
    if delivery.outcome:
        return delivery.outcome
    if delivery.failed or delivery.is_undecided:
        return by_default(delivery, Undecided() if delivery.error is None else delivery.error)
    keep_for = delivery.options.get("retention", 0)
    if type(keep_for) is not int or not 0 < keep_for <= LONGEST:
        return DONE
    return Outcome(Kind.DONE, keep_for, note=delivery.result)
