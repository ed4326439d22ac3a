import math
import random
from collections.abc import Callable
from datetime import timedelta

from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.ports import option_rules

LONGEST = milliseconds(option_rules.LONGEST)


def asynq_delay(retries: int, *, draw: Callable[[int], int] = random.randrange) -> timedelta:
    """The wait before the next attempt, after this number of retries.

    Asynq's DefaultRetryDelayFunc: n^4 + 15 + random(0..29) * (n + 1) seconds, 20.5 days for 25 retries.
    """
    return timedelta(seconds=retries**4 + 15 + draw(30) * (retries + 1))


def storable_delay(delay: float) -> int:
    """A delay in milliseconds that Redis can keep: from 0 to the longest of an option.

    Raises:
        ValueError: it is not a number.
    """
    if type(delay) not in {int, float} or math.isnan(delay):
        raise ValueError("a delay must be a number of milliseconds")
    return round(max(0, min(delay, LONGEST)))
