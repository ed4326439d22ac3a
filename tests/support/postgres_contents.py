"""Everything that a Postgres database holds, as text to search."""

import psycopg
from psycopg import sql

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


def contents(database_url: str) -> str:
    """Every row of every table, as JSON."""
    with psycopg.connect(database_url) as connection:
        names = [name for (name,) in connection.execute(_TABLES).fetchall()]
        return "\n".join(_rows(connection, name) for name in names)


def _rows(connection: psycopg.Connection, name: str) -> str:
    query = sql.SQL("SELECT to_jsonb(each)::text FROM {} AS each").format(sql.Identifier(name))
    return "\n".join([name, *(text for (text,) in connection.execute(query).fetchall())])
