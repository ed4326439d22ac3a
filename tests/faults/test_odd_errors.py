"""F38: tasks of the outbox that fail in ways that are hard to describe, some of them as their time is up."""

import random
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from dramatiq import Message

from tests.support.faults.fleet import Fleet
from tests.support.faults.journal import START
from tests.support.faults.measurements import Row
from tests.support.faults.odd_errors import ERRORS
from tests.support.faults.rounds import IS_LONG
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import send_stored

EACH = 40 if IS_LONG else 6  # tasks of an actor and an error
STORE = """
    INSERT INTO outbox (id, task_name, payload, options, next_try_at, forwarded_at)
    VALUES (%s, 'odd', '{}', '{}', now() + interval '1 hour', now())
"""


def send(fleet: Fleet, actor: str, error: str, *, seconds: float, time_limit: int) -> str:
    """A task that has a row in the outbox; its id."""
    message: Message[Any] = Message(
        queue_name="default",
        actor_name=actor,
        args=(),
        kwargs={"key": str(uuid4()), "error": error, "seconds": seconds},
        options={"outbox": "first", "max_retries": 0, "time_limit": time_limit},
    )
    return send_stored(fleet.broker, message).message_id


@pytest.mark.timeout(300)
def test_f38_what_raises_has_failed_whatever_it_raises_and_whenever_it_is_interrupted(
    fleet: Fleet, database_url: str, row: Row
) -> None:
    chance = random.Random(None if IS_LONG else 38)  # noqa: S311 - a moment is not a secret
    ids = [
        send(fleet, actor, error, seconds=chance.uniform(0, 0.3), time_limit=chance.choice([100, 60_000]))
        for actor in ("fail_oddly", "fail_oddly_in_a_thread")
        for error in ERRORS
        for _ in range(EACH)
    ]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.cursor().executemany(STORE, [(task_id,) for task_id in ids])
        fleet.start()

        def ended() -> list[bool]:
            found = connection.execute("SELECT succeeded FROM outbox WHERE closed_at IS NOT NULL")
            return [succeeded for (succeeded,) in found]

        eventually(lambda: len(ended()) == len(ids), within=120)
        row.note("counted as done", sum(ended()), unit="", limit=0)

    eventually(lambda: {task.state for task in queued(fleet.redis_url)} == {"archived"}, within=5)
    assert {task.id for task in queued(fleet.redis_url)} == set(ids)
    assert len(fleet.journal.keys(START)) == len(ids)
