"""Rows of the outbox: stored, made due and read."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Unpack
from uuid import UUID

from sqlalchemy import event, func, insert, select, update

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.outbox.relay import OutboxRelay
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.tasks.transport import TaskTransport
from internal.ports.tasks import TaskOverrides

LONG_AGO = timedelta(minutes=1)


def welcome(number: int = 1) -> SendWelcomeEmail:
    return SendWelcomeEmail(user_id=UUID(int=number))


def relay(container: Container, transport: TaskTransport) -> OutboxRelay:
    return OutboxRelay(engine=container.database.engine(), transport=transport)


async def publish(container: Container, **overrides: Unpack[TaskOverrides]) -> str:
    async with container.database().unit_of_work() as uow:
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
    async with container.database.engine().begin() as connection:
        await connection.execute(insert(outbox), [{"id": task_id, **row} for task_id in ids])


async def make_due(container: Container) -> None:
    async with container.database.engine().begin() as connection:
        await connection.execute(update(outbox).values(next_try_at=func.now() - LONG_AGO))


async def forwarded(container: Container) -> dict[str, bool]:
    """By task id; what was forwarded is marked so a little later."""
    await container.database.outbox_relay().close()
    async with container.database.engine().connect() as connection:
        rows = await connection.execute(select(outbox.c.id, outbox.c.forwarded_at))
        return {row.id: row.forwarded_at is not None for row in rows}


async def closed(container: Container) -> dict[str, bool | None]:
    """How those ended that are closed, by task id."""
    await container.database.outbox_relay().close()
    async with container.database.engine().connect() as connection:
        rows = await connection.execute(
            select(outbox.c.id, outbox.c.succeeded).where(outbox.c.closed_at.is_not(None))
        )
        return {row.id: row.succeeded for row in rows}


@contextmanager
def statements(container: Container) -> Iterator[list[tuple[str, Any]]]:
    """Record the statements that run in this context, with their parameters."""
    executed: list[tuple[str, Any]] = []
    engine = container.database.engine().sync_engine

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        executed.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    yield executed
    event.remove(engine, "before_cursor_execute", note)
