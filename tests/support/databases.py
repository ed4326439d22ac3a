"""Databases for tests. To empty one costs a tenth of what it costs to create one."""

from collections.abc import Generator
from contextlib import contextmanager
from secrets import token_hex
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from internal.infrastructure.database.tables import metadata

# Changes with every statement that defines something. TRUNCATE and ANALYZE change only pg_class.
_DEFINITIONS = """
    SELECT 'database', count(*), sum(xmin::text::bigint) FROM pg_database WHERE datname = current_database()
    UNION SELECT 'setting', count(*), sum(xmin::text::bigint) FROM pg_db_role_setting
    UNION SELECT 'schema', count(*), sum(xmin::text::bigint) FROM pg_namespace
    UNION SELECT 'type', count(*), sum(xmin::text::bigint) FROM pg_type
    UNION SELECT 'column', count(*), sum(xmin::text::bigint) FROM pg_attribute
    UNION SELECT 'index', count(*), sum(xmin::text::bigint) FROM pg_index
    UNION SELECT 'constraint', count(*), sum(xmin::text::bigint) FROM pg_constraint
    UNION SELECT 'trigger', count(*), sum(xmin::text::bigint) FROM pg_trigger
    UNION SELECT 'function', count(*), sum(xmin::text::bigint) FROM pg_proc
    UNION SELECT 'version', count(*), sum(xmin::text::bigint) FROM alembic_version
    UNION SELECT 'table', count(*), sum(hashtext(concat(relname, relacl, reloptions))) FROM pg_class
"""
_DISCONNECT_OTHERS = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_EMPTY = sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, metadata.tables)))

Definitions = list[tuple[object, ...]]


@contextmanager
def new_database(server_url: str, *, template: str = "template1") -> Generator[str]:
    url = create_database(server_url, template=template)
    try:
        yield url
    finally:
        drop_database(server_url, url)


class MigratedDatabases:
    """Lends databases at the newest schema, each empty. Drops those whose definitions a test has changed."""

    def __init__(self, server_url: str, *, template: str) -> None:
        self._server_url = server_url
        self._template = template
        self._free: dict[str, Definitions] = {}

    @contextmanager
    def lent(self) -> Generator[str]:
        url, definitions = self._free.popitem() if self._free else self._create()
        try:
            yield url
        finally:
            if _emptied(url, definitions):
                self._free[url] = definitions
            else:
                drop_database(self._server_url, url)

    def close(self) -> None:
        for url in self._free:
            drop_database(self._server_url, url)

    def _create(self) -> tuple[str, Definitions]:
        url = create_database(self._server_url, template=self._template)
        with psycopg.connect(url) as connection:
            return url, _definitions(connection)


def create_database(server_url: str, *, template: str) -> str:
    name = f"test_{token_hex(8)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def drop_database(server_url: str, url: str) -> None:
    name = urlsplit(url).path.removeprefix("/")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _emptied(url: str, definitions: Definitions) -> bool:
    """Remove all rows. Return False, and remove nothing, if definitions have changed."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_DISCONNECT_OTHERS)
        if _definitions(connection) != definitions:
            return False
        connection.execute(_EMPTY)
        return True


def _definitions(connection: psycopg.Connection) -> Definitions:
    return sorted(connection.execute(_DEFINITIONS).fetchall())
