from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE

# Bytes of messages in one reply: at 8 Mbit/s it takes a second.
MOST_BYTES = 1024 * 1024
_LESS = 4


class FetchSize:
    """How much a fetch may return, so that its reply arrives in time: less if tasks are large."""

    def __init__(self) -> None:
        self.tasks = MOST_AT_ONCE
        self.bytes = MOST_BYTES

    def arrived(self, *, tasks: int, size: int) -> None:
        """Learn from a reply: ask for as many tasks of this size as fit.

        Redis reads all messages of a fetch before it counts their bytes.
        """
        if tasks:
            fitting = self.bytes * tasks // size if size else MOST_AT_ONCE
            self.tasks = max(1, min(fitting, 2 * self.tasks, MOST_AT_ONCE))
            self.bytes = min(2 * self.bytes, MOST_BYTES)

    def missed(self) -> None:
        """Ask for less: a reply did not arrive."""
        self.tasks = max(1, self.tasks // _LESS)
        self.bytes = max(1, self.bytes // _LESS)
