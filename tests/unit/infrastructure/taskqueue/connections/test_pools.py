"""A blocking client's way to Redis, taken by asyncio."""

from typing import Any

import pytest
import redis
import redis.asyncio
from redis.asyncio.sentinel import SentinelManagedSSLConnection
from redis.sentinel import Sentinel

from internal.infrastructure.taskqueue.connections.connection import connect_blocking, pool_like, pool_of
from internal.infrastructure.taskqueue.connections.master_pool import AsyncMasterPool

URLS = [
    "redis://app:secret@redis:6380/3?client_name=users&protocol=2&socket_keepalive=no&socket_read_size=1024",
    "rediss://app:secret@redis:6380/3?ssl_ca_certs=/ca.pem&ssl_certfile=/c.pem&ssl_keyfile=/k.pem",
    "rediss://redis?ssl_cert_reqs=none&ssl_check_hostname=no&ssl_min_version=772",
    "unix://app:secret@/run/redis.sock?db=3&health_check_interval=5",
    "redis+sentinel://app:secret@one,two:1/tasks/3?sentinel_username=a&sentinel_password=b&client_name=users",
    "rediss+sentinel://app:secret@one/tasks?ssl_ca_certs=/ca.pem",
]


def made_with(pool: redis.asyncio.ConnectionPool) -> dict[str, Any]:
    """What tells one way from another; a pool has objects of its own among it."""
    arguments = {
        name: value
        for name, value in pool.connection_kwargs.items()
        if isinstance(value, str | int | float | None) and not name.startswith("orig_")
    }
    return {"class": pool.connection_class, **arguments}


@pytest.mark.parametrize("url", URLS)
def test_a_pool_like_a_client_leads_where_its_url_does(url: str) -> None:
    given, found = pool_of(url), pool_like(connect_blocking(url))

    assert made_with(found) == made_with(given)
    if isinstance(given, AsyncMasterPool):
        assert isinstance(found, AsyncMasterPool)
        assert found.service_name == given.service_name
        assert found.sentinel_manager.arguments == given.sentinel_manager.arguments
    found.make_connection()


@pytest.mark.parametrize(
    ("scheme", "kind"), [("redis", redis.asyncio.Connection), ("rediss", redis.asyncio.SSLConnection)]
)
def test_takes_a_client_that_was_made_by_redis_py(scheme: str, kind: type[redis.asyncio.Connection]) -> None:
    client = redis.Redis("redis", 6380, db=3, password="secret", ssl=scheme == "rediss")

    connection = pool_like(client).make_connection()

    assert isinstance(connection, kind)
    made_of = (connection.host, connection.port, connection.db, connection.password)
    assert made_of == ("redis", 6380, 3, "secret")


def test_takes_a_client_that_was_made_by_a_sentinel_of_redis_py() -> None:
    sentinel = Sentinel([("one", 1), ("two", 2)], sentinel_kwargs={"password": "b"})

    pool = pool_like(sentinel.master_for("tasks", password="secret", db=3, ssl=True))

    assert isinstance(pool, AsyncMasterPool)
    assert pool.service_name == "tasks"
    assert isinstance(pool.make_connection(), SentinelManagedSSLConnection)
    asked = [(each["host"], each["port"], each["password"]) for each in pool.sentinel_manager.arguments]
    assert asked == [("one", 1, "b"), ("two", 2, "b")]


def test_refuses_a_connection_of_which_it_knows_nothing() -> None:
    class Own(redis.Connection):
        pass

    client = redis.Redis.from_pool(redis.ConnectionPool(connection_class=Own))

    with pytest.raises(TypeError, match="Own"):
        pool_like(client)
