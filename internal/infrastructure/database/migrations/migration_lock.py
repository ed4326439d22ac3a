"""Processes that migrate at once do so one after the other."""

import time

from sqlalchemy import Connection, func, select

# Arbitrary, but the same in every process: whoever holds this advisory lock migrates.
MIGRATION_LOCK = 7_240_119
ASK_EVERY = 0.1  # seconds


def wait_for_turn(connection: Connection) -> None:
    """Take the lock for the session, since a migration may commit; closing the connection releases it.

    Asks again and again: a statement that waits is a transaction, and an index that is built concurrently, by
    whoever holds the lock, would wait for its end.
    """
    while not connection.scalar(select(func.pg_try_advisory_lock(MIGRATION_LOCK))):
        connection.commit()
        time.sleep(ASK_EVERY)
