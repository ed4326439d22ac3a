"""What the errors of Postgres and its client mean."""

import re

from psycopg import Error, InterfaceError, InternalError, OperationalError, errors
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from internal.infrastructure.telemetry.network_errors import (
    CLOSED,
    NEEDS_PASSWORD,
    NEEDS_TLS,
    NO_ANSWER,
    NO_TLS,
    WRONG_LOGIN,
    bad_certificate,
    chain,
    network_reason,
)

_STOPPING = "it is starting or stopping"
_TOO_MANY = "it has too many connections"

OLD_SCHEMA = "the database schema is not at its head: run `python -m cmd.admin db migrate`"

_KINDS: dict[type[Exception], str] = {
    PoolTimeoutError: "all connections of this process are in use",
    errors.ReadOnlySqlTransaction: "it is read-only",
    errors.UndefinedTable: OLD_SCHEMA,
    errors.UndefinedColumn: OLD_SCHEMA,
    errors.InvalidSchemaName: "the schema of search_path does not exist",
    errors.InsufficientPrivilege: "the user may not use or change a table or a schema",
    errors.QueryCanceled: NO_ANSWER,
    errors.DiskFull: "its disk is full",
    errors.OutOfMemory: "it is out of memory",
    errors.TooManyConnections: _TOO_MANY,
    errors.AdminShutdown: _STOPPING,
    errors.CrashShutdown: _STOPPING,
    errors.CannotConnectNow: _STOPPING,
}
# Errors of a log-in carry no code, only the text of Postgres or its client. With several hosts, one text has
# all failures: a fault that somebody must fix comes before one that may pass.
_SAID = [
    (re.compile(words, re.IGNORECASE), reason)
    for words, reason in [
        ("no password supplied", NEEDS_PASSWORD),
        ("authentication failed", WRONG_LOGIN),
        ('role ".*" does not exist', WRONG_LOGIN),
        ('role ".*" is not permitted to log in', "the user may not log in"),
        ('database ".*" does not exist', "unknown database"),
        ("permission denied for database", "the user may not use this database"),
        ("authentication method requirement", "it requires a login that require_auth does not allow"),
        ("channel binding", "channel_binding needs TLS and a login that supports it"),
        ("permission denied to set role", "the user may not take the role in options"),
        ("requires a valid client certificate", "a client certificate is required"),
        ("pg_hba.conf.*no encryption", f"{NEEDS_TLS} (sslmode=require), or pg_hba.conf refuses this login"),
        ("pg_hba.conf", "pg_hba.conf refuses this user, database or host"),
        ("does not support SSL", NO_TLS),
        ("does not match host name", bad_certificate("it is for another host")),
        ("root certificate file .* does not exist", bad_certificate("the file of sslrootcert is missing")),
        ("could not read root certificate", bad_certificate("the file of sslrootcert cannot be read")),
        ("certificate verify failed|tlsv1 alert unknown ca", bad_certificate("it is not trusted")),
        ("certificate|private key", bad_certificate("")),
        ("SSL", "the TLS handshake failed"),
        (
            "could not translate host name|failed to resolve host|could not parse network address",
            "unknown host",
        ),
        ("for connection option|invalid .* value", "a parameter of the URL has a wrong value"),
        ("unrecognized configuration parameter|invalid value for parameter", "unknown parameter in options"),
        ("command-line argument|requires a value", "options must have the form -c name=value"),
        ("is read-only|is not read-only|hot standby", "no host satisfies target_session_attrs"),
        ("too many clients|too many connections|connection slots", _TOO_MANY),
        ("database system is", _STOPPING),
        ("connection refused", "connection refused"),
        ("no such file or directory", "no such socket"),
        ("permission denied", "no permission for the socket"),
        ("no route to host|network is unreachable", "no route to the host"),
        ("invalid response|expected authentication request", "the server that answers is not Postgres"),
        ("timeout|timed out", NO_ANSWER),
        ("closed|reset by peer|lost|consuming input failed", CLOSED),
    ]
]

# Postgres' error codes (its appendix A) for a server that serves nobody right now.
_CONNECTION_EXCEPTION = "08"
_NO_SERVICE = {
    "57P01",  # admin_shutdown
    "57P02",  # crash_shutdown
    "57P03",  # cannot_connect_now: it is starting or stopping
    "53300",  # too_many_connections
    "25006",  # read_only_sql_transaction: it is no longer the primary
}


def reason_of(error: BaseException) -> str:
    """Why Postgres cannot be used. The text shows no part of its URL."""
    causes = list(chain(error))
    for cause in causes:
        if known := next((reason for kind, reason in _KINDS.items() if isinstance(cause, kind)), None):
            return known
    for cause in causes:
        if isinstance(cause, Error) and (said := _meaning(str(cause))):
            return said
    return network_reason(error) or type(causes[-1]).__name__


def _meaning(text: str) -> str | None:
    return next((reason for words, reason in _SAID if words.search(text)), None)


def is_cut_off(error: BaseException) -> bool:
    """Whether Postgres cannot be reached. A slow statement or a pool that is in use does not count."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, OperationalError | InterfaceError | InternalError):
        return False
    code = original.sqlstate
    return code is None or code.startswith(_CONNECTION_EXCEPTION) or code in _NO_SERVICE
