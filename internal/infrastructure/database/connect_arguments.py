"""DATABASE_URL as arguments of Postgres' client, the same for every process that connects."""

from datetime import timedelta
from typing import Any

from psycopg.conninfo import make_conninfo, timeout_from_conninfo
from psycopg.errors import ProgrammingError
from psycopg.pq import PGconn

from internal.infrastructure.config.service_url import PostgresUrl

# SQLAlchemy only gets the driver. The rest goes to the driver itself, which knows every parameter.
ENGINE_URL = "postgresql+psycopg://"
# So often Postgres looks whether the client of a running statement is still there: we close the connection if
# nobody waits for the answer any more.
_CLIENT_CHECKED_EVERY = 1000  # milliseconds


def require_usable_url(url: str) -> None:
    """Raise ValueError unless Postgres' client accepts every part of `url`. The text shows no part of it."""
    parameters = PostgresUrl.parse(url).parameters
    try:
        timeout_from_conninfo(dict(parameters))
        is_accepted = _client_accepts(parameters)
    except (ProgrammingError, ValueError) as error:
        raise ValueError("has a parameter that the Postgres client does not accept") from error
    if not is_accepted:
        raise ValueError("has a parameter with a value that the Postgres client does not accept")


def connect_arguments(url: str, *, within: timedelta, statement: timedelta | None = None) -> dict[str, Any]:
    """The arguments of a connection. Values in `url` win over the limits given here. Times are in UTC."""
    parameters = PostgresUrl.parse(url).parameters
    limits = [] if statement is None else _limits(statement)
    options = [*limits, parameters.get("options", ""), "-c timezone=UTC"]
    return {
        "connect_timeout": int(within.total_seconds()),
        **parameters,
        "options": " ".join(filter(None, options)),
    }


def _limits(statement: timedelta) -> list[str]:
    return [
        f"-c statement_timeout={int(statement.total_seconds() * 1000)}",
        f"-c client_connection_check_interval={_CLIENT_CHECKED_EVERY}",
    ]


def _client_accepts(parameters: dict[str, str]) -> bool:
    """Let the client check every value. It does so before it tries these sockets, which do not exist."""
    names = parameters.get("host", "").split(",")
    nowhere = {**parameters, "host": ",".join("/nonexistent" for _ in names)}
    nowhere.pop("hostaddr", None)
    attempt = PGconn.connect_start(make_conninfo(**nowhere).encode())
    try:
        return attempt.error_message.startswith(b"connection to server")
    finally:
        attempt.finish()
