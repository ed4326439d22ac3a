"""Distinguish a lost connection to Postgres from a single failed statement."""

import psycopg
from sqlalchemy.exc import DBAPIError

# Postgres' error codes (its appendix A) for a server that serves nobody right now.
_CONNECTION_EXCEPTION = "08"
_NO_SERVICE = {
    "57P01",  # admin_shutdown
    "57P02",  # crash_shutdown
    "57P03",  # cannot_connect_now: it is starting or stopping
    "53300",  # too_many_connections
    "25006",  # read_only_sql_transaction: it is no longer the primary
}


def is_cut_off(error: BaseException) -> bool:
    """Whether Postgres cannot be reached. A slow statement or a pool that is in use does not count."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, psycopg.OperationalError | psycopg.InterfaceError | psycopg.InternalError):
        return False
    code = original.sqlstate
    return code is None or code.startswith(_CONNECTION_EXCEPTION) or code in _NO_SERVICE
