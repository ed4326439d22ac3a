"""Rows of the outbox, stored, made due and read; and a transport that only remembers."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Unpack
from uuid import UUID

from sqlalchemy import event, func, insert, select, update

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.outbox.relay import OutboxRelay
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.tasks.encoded_task import EncodedTask
from internal.ports.tasks import TaskOverrides
from internal.ports.unavailable import Unavailable

LONG_AGO = timedelta(minutes=1)


class FakeTaskTransport:
    """Keeps what it is given, unless it is down; `failure` is how that shows."""

    def __init__(self, *, down: bool = False, failure: type[Exception] = Unavailable) -> None:
        self.sent: list[str] = []
        self.existing_ids: set[str] = set()
        self.duplicates: set[str] = set()
        self.down = down
        self._failure = failure
        self.has_failed = asyncio.Event()
        self.has_sent = asyncio.Event()

    def check(self, tasks: Sequence[EncodedTask]) -> None: ...

    async def send(self, tasks: Sequence[EncodedTask]) -> set[str]:
        if self.down:
            self.has_failed.set()
            raise self._failure
        self.sent.extend(task.id for task in tasks)
        self.has_sent.set()
        return self.duplicates & {task.id for task in tasks}

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        return self.existing_ids & {task_id for _, task_id in tasks}


def welcome(number: int = 1) -> SendWelcomeEmail:
    return SendWelcomeEmail(user_id=UUID(int=number), email="ada@example.com", name="Ada")


def relay(container: Container, transport: FakeTaskTransport) -> OutboxRelay:
    return OutboxRelay(engine=container.engine(), transport=transport)


async def publish(container: Container, **overrides: Unpack[TaskOverrides]) -> str:
    async with container.unit_of_work() as uow:
        receipt = await uow.tasks.publish(welcome(), **overrides)
        await uow.commit()
    return receipt.id


async def store_due(container: Container, *ids: str, **changed: Any) -> None:
    """Rows that nobody has forwarded in time."""
    row = {
        "task_name": "email:welcome",
        "payload": {"user_id": str(UUID(int=1)), "email": "ada@example.com", "name": "Ada"},
        "options": {"queue": "default"},
        "next_try_at": container.clock().now() - LONG_AGO,
        **changed,
    }
    async with container.engine().begin() as connection:
        await connection.execute(insert(outbox), [{"id": task_id, **row} for task_id in ids])


async def make_due(container: Container) -> None:
    async with container.engine().begin() as connection:
        await connection.execute(update(outbox).values(next_try_at=func.now() - LONG_AGO))


async def forwarded(container: Container) -> dict[str, bool]:
    """By task id; what was forwarded is marked so a little later."""
    await container.outbox_relay().close()
    async with container.engine().connect() as connection:
        rows = await connection.execute(select(outbox.c.id, outbox.c.forwarded_at))
        return {row.id: row.forwarded_at is not None for row in rows}


async def closed(container: Container) -> dict[str, bool | None]:
    """How those ended that are closed, by task id."""
    await container.outbox_relay().close()
    async with container.engine().connect() as connection:
        rows = await connection.execute(
            select(outbox.c.id, outbox.c.succeeded).where(outbox.c.closed_at.is_not(None))
        )
        return {row.id: row.succeeded for row in rows}


@contextmanager
def statements(container: Container) -> Iterator[list[tuple[str, Any]]]:
    """Those that are executed meanwhile, with their parameters."""
    executed: list[tuple[str, Any]] = []
    engine = container.engine().sync_engine

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        executed.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    yield executed
    event.remove(engine, "before_cursor_execute", note)
