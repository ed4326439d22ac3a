"""Asyncio connections that notice when the server has closed them.

Those of redis-py notice it only after the next command, and then it is unknown whether Redis ran the command.
"""

from typing import Any

import redis.asyncio
import redis.asyncio.sentinel
from redis.asyncio.connection import AbstractConnection


class WatchedConnection(AbstractConnection):
    @property
    def is_usable(self) -> bool:
        """Whether the connection looks open, without using it."""
        reader, writer = self._reader, self._writer
        if reader is None or writer is None:
            return False
        return not (reader.at_eof() or reader.exception() or writer.is_closing())

    @property
    def unread(self) -> int:
        """The number of bytes of a partial reply."""
        parser: Any = self._parser
        length: int = parser._reader.len()  # noqa: SLF001 - redis-py has no public way
        return length

    async def connect(self) -> None:
        """Connect unless the connection is usable."""
        if self.is_connected and not self.is_usable:
            await self.disconnect(nowait=True)
        await super().connect()


class TcpConnection(WatchedConnection, redis.asyncio.Connection):
    pass


class NoTlsAnswer(TimeoutError):
    """The TLS handshake timed out: the server may expect plain text."""


class _WatchedTlsConnection(WatchedConnection):
    async def _connect(self) -> None:
        try:
            await super()._connect()  # type: ignore[safe-super]  # defined by the class that it is mixed into
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
