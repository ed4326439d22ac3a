"""What the connections of a container's pool send to Postgres, as its client library traces it."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event

from internal.infrastructure.bootstrap.container import Container

# The client ends what it sends with one of these messages, and then waits for the answer.
_END = re.compile(r"\tF\t\d+\t(?:Query|Sync)\b")
_STATEMENT = re.compile(r'\tF\t\d+\t(?:Query\t|Parse\t "[^"]*") "(\w+)')


@dataclass
class Traffic:
    """The round trips, and the first word of each statement that was not prepared before, such as BEGIN."""

    round_trips: int = 0
    statements: Sequence[str] = ()


@contextmanager
def traffic(container: Container) -> Iterator[Traffic]:
    engine, seen = container.database.engine().sync_engine, Traffic()
    with tempfile.TemporaryFile("w+") as file:

        def begin(connection: Any, *_: Any) -> None:
            connection.driver_connection.pgconn.trace(file.fileno())

        def end(_: Any, record: Any) -> None:
            record.driver_connection.pgconn.untrace()

        event.listen(engine, "checkout", begin)
        event.listen(engine, "checkin", end)
        try:
            yield seen
        finally:
            event.remove(engine, "checkout", begin)
            event.remove(engine, "checkin", end)
        file.seek(0)
        trace = file.read()
    seen.round_trips = len(_END.findall(trace))
    seen.statements = _STATEMENT.findall(trace)
