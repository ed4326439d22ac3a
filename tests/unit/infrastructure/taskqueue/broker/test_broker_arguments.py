from datetime import timedelta
from typing import Any

import pytest
import redis

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol.timing import Timing


def connection(broker: RedisBroker) -> dict[str, Any]:
    return dict(broker.client.connection_pool.connection_kwargs)


def test_connects_by_single_parameters() -> None:
    broker = RedisBroker(host="redis.internal", port=6380, db=3, password="hunter2")

    to = connection(broker)

    assert (to["host"], to["port"], to["db"], to["password"]) == ("redis.internal", 6380, 3, "hunter2")


def test_a_url_goes_before_single_parameters() -> None:
    broker = RedisBroker(url="redis://redis.internal:6381/2", host="other", port=1)

    to = connection(broker)

    assert (to["host"], to["port"], to["db"]) == ("redis.internal", 6381, 2)


def test_a_client_of_the_callers_own_is_used_as_it_is() -> None:
    client = redis.Redis(host="redis.internal")

    assert RedisBroker(client=client).client is client


@pytest.mark.parametrize(
    "broker", [RedisBroker(), RedisBroker(host="localhost"), RedisBroker(url="redis://")]
)
def test_no_command_is_repeated_behind_the_callers_back(broker: RedisBroker) -> None:
    assert connection(broker)["retry"].get_retries() == 0


def test_takes_dramatiqs_durations() -> None:
    broker = RedisBroker(heartbeat_timeout=30_000, dead_message_ttl=86_400_000)

    assert broker.timing == Timing(lease=timedelta(seconds=30), archive_for=timedelta(days=1))


def test_warns_of_an_argument_that_has_no_meaning_here() -> None:
    with pytest.warns(RuntimeWarning, match="maintenance_chance"):
        RedisBroker(maintenance_chance=1000)


def test_has_only_known_attributes() -> None:
    with pytest.raises(AttributeError):
        RedisBroker().do_nothing_of_the_kind  # type: ignore[attr-defined]  # noqa: B018 - that is the test
