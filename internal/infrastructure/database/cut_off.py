"""Whether this process is cut off from Postgres, or only failed to do one thing."""

import psycopg
from sqlalchemy.exc import DBAPIError

# Postgres' own codes (its appendix A) for "not now, and not for what you asked".
_CONNECTION_EXCEPTION = "08"
_NO_SERVICE = {
    "57P01",  # admin_shutdown
    "57P02",  # crash_shutdown
    "57P03",  # cannot_connect_now: it starts or stops
    "53300",  # too_many_connections
    "25006",  # read_only_sql_transaction: it was the primary
}


def is_cut_off(error: BaseException) -> bool:
    """A statement that took too long is not enough, nor is a pool in which all connections are in use."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, psycopg.OperationalError | psycopg.InterfaceError | psycopg.InternalError):
        return False
    code = original.sqlstate
    return code is None or code.startswith(_CONNECTION_EXCEPTION) or code in _NO_SERVICE
