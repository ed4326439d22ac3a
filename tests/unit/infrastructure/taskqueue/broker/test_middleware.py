import warnings

import pytest
from dramatiq.middleware import AgeLimit, Middleware
from dramatiq.middleware import Retries as StockRetries
from dramatiq.middleware import ShutdownNotifications as StockShutdownNotifications
from dramatiq.middleware import TimeLimit as StockTimeLimit
from dramatiq.middleware import default_middleware as stock_default_middleware

from internal.infrastructure.taskqueue.broker.middleware import (
    ShutdownNotifications,
    TimeLimit,
    default_middleware,
    replace_stock,
)
from internal.infrastructure.taskqueue.delivery.retries import Retries
from tests.support.taskqueue.attempts import offline_broker


def replaced(item: Middleware) -> Middleware:
    with pytest.warns(RuntimeWarning, match=f"Dramatiq's {type(item).__name__} was replaced"):
        [ours] = replace_stock([item])
    return ours


def test_a_time_limit_keeps_its_limit() -> None:
    ours = replaced(StockTimeLimit(time_limit=1234))

    assert isinstance(ours, TimeLimit)
    assert ours.time_limit == 1234


def test_shutdown_notifications_keep_whom_they_notify() -> None:
    ours = replaced(StockShutdownNotifications(notify_shutdown=True))

    assert isinstance(ours, ShutdownNotifications)
    assert ours.notify_shutdown


def test_retries_keep_their_numbers_and_decide_as_before() -> None:
    def never(retries: int, error: BaseException) -> bool:
        return retries < 0 and bool(error)

    ours = replaced(StockRetries(max_retries=3, min_backoff=10, max_backoff=20, retry_when=never))

    assert isinstance(ours, Retries)
    assert (ours.max_retries, ours.min_backoff, ours.max_backoff) == (3, 10, 20)
    assert ours.retry_when is never


def test_middleware_that_is_added_later_is_replaced_too() -> None:
    broker = offline_broker()

    with pytest.warns(RuntimeWarning, match="TimeLimit"):
        broker.add_middleware(StockTimeLimit())

    assert [type(item) for item in broker.middleware] == [TimeLimit]


def test_our_own_and_all_others_stay_without_a_warning() -> None:
    mine = [AgeLimit(), *default_middleware()]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kept = replace_stock(mine)

    assert kept == mine


def test_the_default_is_dramatiqs_in_its_order_and_the_current_message_after_its_first() -> None:
    first, second, *rest = [type(item).__name__ for item in default_middleware()]

    assert second == "CurrentMessage"
    others = [first, *rest]
    assert others == [item.__name__ for item in stock_default_middleware if item.__name__ in others]
    assert len(others) == len({*others})
