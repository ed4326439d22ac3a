"""A row that cannot be read, encoded or taken by Redis is set aside alone: no other waits for it."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import func, select, text
from structlog.testing import capture_logs

from internal.application.tasks.send_verification_email import SendVerificationEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.outbox.rows import SWEEP_BATCH
from internal.infrastructure.database.tables import outbox
from internal.ports.outbox_inspector import OutboxState
from internal.ports.tasks import TaskOptions
from tests.support.outbox_rows import LONG_AGO, forwarded, make_due, store_due, welcome
from tests.support.queue_contents import queued
from tests.support.services import running_redis

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024


def chain_of(steps: int) -> str:
    """The followers of a chain as an older version stored them, without a limit."""
    step = '{"id":"s","name":"email:welcome","payload":{},"options":{},"followers":'
    return f'{{"on_success":[{step}' * steps + "null" + "}]}" * steps


@pytest.fixture
def low_is_broken(redis_url: str) -> str:
    """Redis refuses every task of this queue: the key of its messages has another type."""
    with redis.Redis.from_url(redis_url) as client:
        client.set("{pyhexaclean}:low:messages", "no hash")
    return redis_url


async def set_column(container: Container, task_id: str, column: str, value: str) -> None:
    """Write JSON that no JSON library has to read before."""
    statement = f"UPDATE outbox SET {column} = CAST(:value AS jsonb) WHERE id = :id"  # noqa: S608 - our own
    async with container.database.engine().begin() as connection:
        await connection.execute(text(statement), {"value": value, "id": task_id})


async def set_aside(container: Container) -> dict[str, str]:
    """The last errors of the rows that wait for longer than a sweeper leaves any other, by their ids."""
    await container.database.outbox_relay().close()
    async with container.database.engine().connect() as connection:
        query = select(outbox.c.id, outbox.c.last_error).where(
            outbox.c.closed_at.is_(None),
            outbox.c.forwarded_at.is_(None),
            outbox.c.next_try_at > func.now() + timedelta(seconds=20),
        )
        return {row.id: row.last_error for row in await connection.execute(query)}


UNREADABLE = [
    ("options", "null"),
    ("options", "[]"),
    ("options", '"text"'),
    ("options", '{"queue": 5}'),
    ("options", '{"max_retries": true}'),
    ("options", f'{{"max_retries": {2**70}}}'),
    ("options", '{"headers": {"attempt": 1}}'),
    ("options", '{"timeout": "P99999999D"}'),
    ("options", '{"unique_for": "P999999999D"}'),
    ("options", '{"process_at": "9999-12-31T23:59:59-14:00"}'),
    ("followers", '{"on_success": "nonsense"}'),
    ("followers", chain_of(2_000)),
    ("payload", "[1, 2]"),
]


@pytest.mark.parametrize("forwarded_before", [False, True])
async def test_rows_that_cannot_be_read_delay_no_other(
    container: Container, redis_url: str, *, forwarded_before: bool
) -> None:
    bad = [f"bad-{number}" for number in range(len(UNREADABLE))]
    await store_due(container, "first", *bad, "last")
    for task_id, (column, value) in zip(bad, UNREADABLE, strict=True):
        await set_column(container, task_id, column, value)
    if forwarded_before:  # and lost by Redis
        async with container.database.engine().begin() as connection:
            await connection.execute(
                outbox.update().values(forwarded_at=func.now(), missing_since=func.now())
            )

    await container.database.outbox_relay().sweep()

    assert {task.id for task in queued(redis_url)} == {"first", "last"}
    for task_id in bad:
        found = await container.inspection.outbox().row(task_id)
        assert str(found.last_error).startswith("it cannot be read"), task_id
    state = OutboxState.FORWARDED if forwarded_before else OutboxState.WAITING
    assert {row.id for row in (await container.inspection.outbox().rows(state)).rows} >= set(bad)


async def test_a_chain_without_end_of_an_older_version_is_forwarded_or_set_aside(
    container: Container, redis_url: str
) -> None:
    await store_due(container, *(f"of-{steps}" for steps in (100, 200, 300, 400, 1_000)), "after")
    for steps in (100, 200, 300, 400, 1_000):
        await set_column(container, f"of-{steps}", "followers", chain_of(steps))

    await container.database.outbox_relay().sweep()

    arrived = {task.id for task in queued(redis_url)}
    assert {"of-100", "of-200", "after"} <= arrived
    assert arrived | (await set_aside(container)).keys() == set(await forwarded(container))


async def test_a_row_that_redis_refuses_delays_no_other(container: Container, low_is_broken: str) -> None:
    await store_due(container, *(f"task-{number}" for number in range(20)))
    await store_due(container, "bad", options={"queue": "low"})

    await container.database.outbox_relay().sweep()

    assert len(queued(low_is_broken, queues=("default",))) == 20
    assert await set_aside(container) == {"bad": "Redis refuses it"}


async def test_a_forwarded_row_that_redis_cannot_be_asked_about_delays_no_other(
    container: Container, low_is_broken: str
) -> None:
    long_ago = container.clock().now() - LONG_AGO
    await store_due(container, "fresh")
    await store_due(container, "bad", options={"queue": "low"}, forwarded_at=long_ago)
    await store_due(container, "lost", forwarded_at=long_ago, missing_since=long_ago)

    await container.database.outbox_relay().sweep()

    assert {task.id for task in queued(low_is_broken, queues=("default",))} == {"fresh", "lost"}
    bad = await container.inspection.outbox().row("bad")
    assert bad.last_error == "Redis refuses it"
    assert bad.next_try_at > container.clock().now() + timedelta(seconds=20)


async def test_a_commit_forwards_the_neighbours_of_what_redis_refuses(
    container: Container, low_is_broken: str
) -> None:
    async with container.database.unit_of_work() as uow:
        await uow.tasks.publish(welcome(), task_id="before")
        await uow.tasks.publish(welcome(), task_id="bad", queue="low")
        await uow.tasks.publish(welcome(), task_id="after")
        await uow.commit()

    assert [task.id for task in queued(low_is_broken, queues=("default",))] == ["before", "after"]
    assert await forwarded(container) == {"before": True, "bad": False, "after": True}
    assert await set_aside(container) == {"bad": "Redis refuses it"}


async def test_an_operator_forwards_what_was_set_aside(container: Container, low_is_broken: str) -> None:
    await store_due(container, "bad", options={"queue": "low"})
    await container.database.outbox_relay().sweep()
    with redis.Redis.from_url(low_is_broken) as client:
        client.delete("{pyhexaclean}:low:messages")

    assert await container.database.outbox_relay().forward_again(["bad"]) == {"bad"}
    assert [task.id for task in queued(low_is_broken)] == ["bad"]


async def test_a_bad_row_refuses_no_task_that_others_publish(
    container: Container, low_is_broken: str
) -> None:
    publisher = container.taskqueue.publisher()
    of_queues = ["default", "default", "low", "default", "default"]

    results: list[Any] = await asyncio.gather(
        *(publisher.publish(welcome(), queue=queue) for queue in of_queues), return_exceptions=True
    )

    assert [isinstance(result, ValueError) for result in results] == [queue == "low" for queue in of_queues]
    assert len(queued(low_is_broken, queues=("default",))) == 4


@pytest.mark.parametrize("mib", [2, 20])
async def test_a_row_that_is_larger_than_redis_takes_delays_no_other(
    settings: Settings, tmp_path: Path, mib: int
) -> None:
    with running_redis(tmp_path) as server:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("proto-max-bulk-len", MIB)
        container = Container(settings=settings.model_copy(update={"redis_url": server.url}))
        async with open_resources(container):
            await store_due(container, "before", "bad", "after")
            await set_column(container, "bad", "payload", json.dumps({"name": "x" * mib * MIB}))

            await container.database.outbox_relay().sweep()

            assert {task.id for task in queued(server.url)} == {"before", "after"}
            assert (await set_aside(container)).keys() == {"bad"}


async def test_rows_that_were_set_aside_take_no_place_in_the_next_batch(
    container: Container, redis_url: str
) -> None:
    bad = [f"bad-{number}" for number in range(SWEEP_BATCH)]
    await store_due(container, *bad, options=[], next_try_at=container.clock().now() - 2 * LONG_AGO)
    await store_due(container, "good")

    assert [await container.database.outbox_relay().sweep() for _ in range(3)] == [SWEEP_BATCH, 1, 0]
    assert [task.id for task in queued(redis_url)] == ["good"]


async def test_a_bad_row_is_reported_once(container: Container) -> None:
    await store_due(container, "bad", options=[])

    with capture_logs() as logs:
        for _ in range(3):
            await container.database.outbox_relay().sweep()
            await make_due(container)

    assert [entry["task_id"] for entry in logs if entry["event"] == "outbox.set_aside"] == ["bad"]
    stats = await container.inspection.outbox().stats()
    assert stats.last_error is not None


async def test_a_payload_that_cannot_be_encoded_is_refused_before_anything_is_stored(
    container: Container,
) -> None:
    async with container.database.unit_of_work() as uow:
        await uow.tasks.publish(welcome(1), task_id="fine")
        with pytest.raises(ValueError, match="queue"):
            await uow.tasks.publish_chain([welcome(2), (welcome(3), TaskOptions(queue="unknown"))])
        with pytest.raises(ValueError, match="bytes"):
            await uow.tasks.publish_group([welcome(4)] * 2, then=welcome(5), on_failure=mail_of(2 * MIB))
        await uow.commit()

    assert await forwarded(container) == {"fine": True}


def mail_of(size: int) -> SendVerificationEmail:
    return SendVerificationEmail(email="x" * size)
