"""Let concurrent migrations run one after the other."""

import time

from sqlalchemy import Connection, func, select

# An arbitrary number, the same in every process. The process that holds this advisory lock migrates.
MIGRATION_LOCK = 7_240_119
ASK_EVERY = 0.1  # seconds


def wait_for_turn(connection: Connection) -> None:
    """Take the lock for the session, because a migration may commit. Closing the connection releases it.

    This polls. A waiting statement would be an open transaction, and the holder of the lock would wait for it
    when it builds an index concurrently.
    """
    while not connection.scalar(select(func.pg_try_advisory_lock(MIGRATION_LOCK))):
        connection.commit()
        time.sleep(ASK_EVERY)
