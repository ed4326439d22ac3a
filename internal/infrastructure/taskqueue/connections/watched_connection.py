"""Connections of asyncio that notice when the other end has closed them.

redis-py's notice that only after they have sent the next command. Nobody knows then whether it was done.
"""

from typing import Any

import redis.asyncio
import redis.asyncio.sentinel
from redis.asyncio.connection import AbstractConnection


class WatchedConnection(AbstractConnection):
    @property
    def is_usable(self) -> bool:
        """Whether it is open, as far as can be known without using it."""
        reader, writer = self._reader, self._writer
        if reader is None or writer is None:
            return False
        return not (reader.at_eof() or reader.exception() or writer.is_closing())

    @property
    def unread(self) -> int:
        """Bytes of a reply of which a part has arrived."""
        parser: Any = self._parser
        length: int = parser._reader.len()  # noqa: SLF001 - redis-py has no other way
        return length

    async def connect(self) -> None:
        """Connect if it is not usable."""
        if self.is_connected and not self.is_usable:
            await self.disconnect(nowait=True)
        await super().connect()


class TcpConnection(WatchedConnection, redis.asyncio.Connection):
    pass


class NoTlsAnswer(TimeoutError):
    """No TLS connection came about in time: perhaps the server waits for a command in plain text."""


class _WatchedTlsConnection(WatchedConnection):
    async def _connect(self) -> None:
        try:
            await super()._connect()  # type: ignore[safe-super]  # that of the class it is mixed into
        except TimeoutError as error:
            raise NoTlsAnswer from error


class TlsConnection(_WatchedTlsConnection, redis.asyncio.SSLConnection):
    pass


class UnixConnection(WatchedConnection, redis.asyncio.UnixDomainSocketConnection):
    pass


class MasterConnection(WatchedConnection, redis.asyncio.sentinel.SentinelManagedConnection):
    pass


class MasterTlsConnection(_WatchedTlsConnection, redis.asyncio.sentinel.SentinelManagedSSLConnection):
    pass
