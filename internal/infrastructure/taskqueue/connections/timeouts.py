from dataclasses import dataclass
from datetime import timedelta

# Seconds.
CONNECT_TIMEOUT = 3.0
TIMEOUT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisTimeouts:
    """How long to wait for a connection, including its log-in, and for the answer to a command."""

    connect: timedelta = timedelta(seconds=CONNECT_TIMEOUT)
    command: timedelta = timedelta(seconds=TIMEOUT)

    @property
    def arguments(self) -> dict[str, float]:
        return {
            "socket_connect_timeout": self.connect.total_seconds(),
            "socket_timeout": self.command.total_seconds(),
        }


DEFAULT_TIMEOUTS = RedisTimeouts()
