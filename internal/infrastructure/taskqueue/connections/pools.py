"""Makes connection pools from a URL, or from the pool of another client."""

import socket
from collections.abc import Iterator, Mapping
from typing import Any

import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.connection
import redis.sentinel
from redis.maint_notifications import MaintNotificationsConfig

from internal.infrastructure.config.service_url import SentinelUrl
from internal.infrastructure.taskqueue.connections.master_pool import AsyncMasterPool, MasterPool
from internal.infrastructure.taskqueue.connections.sentinel import Sentinels
from internal.infrastructure.taskqueue.connections.watched_connection import (
    MasterConnection,
    MasterTlsConnection,
    TcpConnection,
    TlsConnection,
    UnixConnection,
    WatchedConnection,
)

_WATCHED: Mapping[type, type[WatchedConnection]] = {
    redis.Connection: TcpConnection,
    redis.SSLConnection: TlsConnection,
    redis.UnixDomainSocketConnection: UnixConnection,
    redis.sentinel.SentinelManagedConnection: MasterConnection,
    redis.sentinel.SentinelManagedSSLConnection: MasterTlsConnection,
    redis.asyncio.SSLConnection: TlsConnection,
    redis.asyncio.UnixDomainSocketConnection: UnixConnection,
}
# Each of these would cost a round trip per new connection.
_NO_EXTRA_COMMANDS: Mapping[str, Any] = {
    "driver_info": None,
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
}
# Firewalls keep idle connections open, and broken ones are noticed within 30 s.
_KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}
_TCP_ARGUMENTS: Mapping[str, Any] = {
    "socket_keepalive": True,
    "socket_keepalive_options": {
        getattr(socket, name): value for name, value in _KEEPALIVE.items() if hasattr(socket, name)
    },
}
# Arguments with the same meaning for blocking and asyncio clients. Those for TLS count too, except for OCSP.
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
_ADDRESS_ARGUMENTS = frozenset({"connection_class", "host", "port"})


def blocking_pool(url: str, **arguments: Any) -> redis.ConnectionPool:
    """Parameters of `url` override `arguments`, as in redis-py."""
    if not SentinelUrl.is_one(url):
        given = redis.connection.parse_url(url)
        return redis.ConnectionPool(**{**_defaults(given), **arguments, **given})
    parsed = SentinelUrl.parse(url)
    given = redis.connection.parse_url(parsed.redis_url)
    sentinels = list(_sentinel_arguments(parsed, given))
    own = {**_defaults(given), **arguments, **_master_arguments(given), "ssl": "connection_class" in given}
    return MasterPool(parsed.master, sentinels=sentinels, **own)


def async_pool(url: str, **arguments: Any) -> redis.asyncio.ConnectionPool:
    """The same for asyncio."""
    if not SentinelUrl.is_one(url):
        given = _parsed(url)
        own = {"connection_class": TcpConnection, **_defaults(given), **arguments, **given}
        return redis.asyncio.ConnectionPool(**own)
    parsed = SentinelUrl.parse(url)
    given = _parsed(parsed.redis_url)
    sentinels = list(_sentinel_arguments(parsed, given))
    kind = MasterTlsConnection if "connection_class" in given else MasterConnection
    own = {**_defaults(given), **arguments, **_master_arguments(given), "connection_class": kind}
    return AsyncMasterPool(parsed.master, sentinels=sentinels, **own)


def async_pool_like(pool: redis.ConnectionPool, **arguments: Any) -> redis.asyncio.ConnectionPool:
    """An asyncio pool for the same Redis as a blocking pool."""
    shared = {**_NO_EXTRA_COMMANDS, **_shared(pool.connection_kwargs), **arguments}
    shared["connection_class"] = _async_class(pool.connection_class)
    if isinstance(pool, redis.sentinel.SentinelConnectionPool):
        sentinels = list(_arguments_of(pool.sentinel_manager))
        return AsyncMasterPool(pool.service_name, sentinels=sentinels, **shared)
    return redis.asyncio.ConnectionPool(**shared)


def _parsed(url: str) -> dict[str, Any]:
    """The arguments of a URL. Only URLs with TLS or a Unix socket have a connection class."""
    given: dict[str, Any] = dict(redis.asyncio.connection.parse_url(url))
    if "connection_class" in given:
        given["connection_class"] = _WATCHED[given["connection_class"]]
    return given


def _defaults(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return _NO_EXTRA_COMMANDS if "path" in given else {**_NO_EXTRA_COMMANDS, **_TCP_ARGUMENTS}


def _master_arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without the address, which the sentinels report."""
    return {name: value for name, value in given.items() if name not in _ADDRESS_ARGUMENTS}


def _sentinel_arguments(url: SentinelUrl, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Sentinels use TLS if the master does, with the same certificates."""
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


def _async_class(blocking: type) -> type[WatchedConnection]:
    """Raise TypeError for a custom connection class, whose behaviour is unknown."""
    if blocking not in _WATCHED:
        raise TypeError(f"there is no asyncio connection class for {blocking.__qualname__}")
    return _WATCHED[blocking]
