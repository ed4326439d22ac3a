"""Where connections to Redis come from: its URL, or a client that somebody else has made."""

from collections.abc import Iterator, Mapping
from typing import Any

import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.connection
import redis.sentinel
from redis.asyncio.connection import AbstractConnection

from internal.infrastructure.service_url import SentinelUrl
from internal.infrastructure.taskqueue.master_pool import AsyncMasterPool, MasterPool
from internal.infrastructure.taskqueue.sentinel import Sentinels

_ASYNC_CONNECTIONS: Mapping[type, type[AbstractConnection]] = {
    redis.Connection: redis.asyncio.Connection,
    redis.SSLConnection: redis.asyncio.SSLConnection,
    redis.UnixDomainSocketConnection: redis.asyncio.UnixDomainSocketConnection,
    redis.sentinel.SentinelManagedConnection: redis.asyncio.sentinel.SentinelManagedConnection,
    redis.sentinel.SentinelManagedSSLConnection: redis.asyncio.sentinel.SentinelManagedSSLConnection,
}
# What a connection is made with that means the same to both kinds of client, as do ssl_... but for OCSP.
_SHARED_ARGUMENTS = frozenset(
    {
        "client_name",
        "credential_provider",
        "db",
        "health_check_interval",
        "host",
        "password",
        "path",
        "port",
        "protocol",
        "socket_keepalive",
        "socket_keepalive_options",
        "socket_read_size",
        "username",
    }
)
_OCSP = ("ssl_validate_ocsp", "ssl_ocsp_")
_OF_THE_ADDRESS = frozenset({"connection_class", "host", "port"})


def blocking_pool(url: str, **arguments: Any) -> redis.ConnectionPool:
    """What `url` says wins over `arguments`, as in redis-py."""
    if not SentinelUrl.is_one(url):
        return redis.ConnectionPool.from_url(url, **arguments)
    parsed = SentinelUrl.parse(url)
    given = redis.connection.parse_url(parsed.redis_url)
    sentinels = list(_sentinel_arguments(parsed, given))
    return MasterPool(parsed.master, sentinels=sentinels, **{**arguments, **_master_arguments(given)})


def async_pool(url: str, **arguments: Any) -> redis.asyncio.ConnectionPool:
    """The same for asyncio."""
    if not SentinelUrl.is_one(url):
        return redis.asyncio.ConnectionPool.from_url(url, **arguments)
    parsed = SentinelUrl.parse(url)
    given = redis.asyncio.connection.parse_url(parsed.redis_url)
    sentinels = list(_sentinel_arguments(parsed, given))
    return AsyncMasterPool(parsed.master, sentinels=sentinels, **{**arguments, **_master_arguments(given)})


def async_pool_like(pool: redis.ConnectionPool, **arguments: Any) -> redis.asyncio.ConnectionPool:
    """A pool of asyncio that leads to where a blocking one does."""
    shared = {**_shared(pool.connection_kwargs), **arguments}
    shared["connection_class"] = _async_class(pool.connection_class)
    if isinstance(pool, redis.sentinel.SentinelConnectionPool):
        sentinels = list(_arguments_of(pool.sentinel_manager))
        return AsyncMasterPool(pool.service_name, sentinels=sentinels, **shared)
    return redis.asyncio.ConnectionPool(**shared)


def _master_arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """Of what stands in a URL, what is not the address, which the sentinels tell."""
    arguments = {name: value for name, value in given.items() if name not in _OF_THE_ADDRESS}
    return {**arguments, "ssl": "connection_class" in given}


def _sentinel_arguments(url: SentinelUrl, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """They are reached as the master is: all by TLS with the same certificates, or none."""
    shared = {
        name: value for name, value in given.items() if name == "connection_class" or name.startswith("ssl_")
    }
    for host, port in url.sentinels:
        yield {**shared, **url.sentinel_login, "host": host, "port": port}


def _arguments_of(manager: Sentinels | redis.sentinel.Sentinel) -> Iterator[dict[str, Any]]:
    if isinstance(manager, Sentinels):
        made_with = manager.arguments
    else:
        pools = [client.connection_pool for client in manager.sentinels]
        made_with = [{**pool.connection_kwargs, "connection_class": pool.connection_class} for pool in pools]
    for arguments in made_with:
        kind = arguments.get("connection_class")
        yield {**_shared(arguments), **({"connection_class": _async_class(kind)} if kind else {})}


def _shared(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in arguments.items()
        if name in _SHARED_ARGUMENTS or (name.startswith("ssl_") and not name.startswith(_OCSP))
    }


def _async_class(blocking: type) -> type[AbstractConnection]:
    """Raise TypeError for a class of one's own: nobody knows what it does."""
    if blocking not in _ASYNC_CONNECTIONS:
        raise TypeError(f"there is no connection of asyncio like {blocking.__qualname__}")
    return _ASYNC_CONNECTIONS[blocking]
