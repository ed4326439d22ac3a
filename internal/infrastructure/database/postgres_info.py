from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.schema_version import SchemaVersion

# Every role may run this. Without `pg_monitor`, Postgres hides the lag.
_QUERY = text(
    """
    SELECT current_setting('server_version') AS version,
           pg_database_size(current_database()) AS size,
           now() - pg_postmaster_start_time() AS uptime,
           current_setting('max_connections')::int AS max_connections,
           (SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL) AS connections,
           (SELECT count(*) FROM pg_stat_replication) AS replicas,
           (SELECT max(replay_lag) FROM pg_stat_replication) AS lag
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresInfo:
    """The server behind the data. `size` is in bytes.

    connections: of all programs.
    in_use, pool_size: connections of this process.
    schema: the revision; None without a schema.
    lag: of the slowest replica; None without replicas, or if Postgres hides it.
    """

    version: str
    size: int
    uptime: timedelta
    connections: int
    max_connections: int
    in_use: int
    pool_size: int
    schema: str | None
    is_schema_current: bool
    replicas: int
    lag: timedelta | None


async def read_postgres_info(engine: AsyncEngine, schema_version: SchemaVersion) -> PostgresInfo:
    """Ask the server. Raises Unavailable."""
    in_use, pool_size = _pool(engine)
    schema = await schema_version.read()
    with translated_outages():
        async with engine.connect() as connection:
            row = (await connection.execute(_QUERY)).one()
    return PostgresInfo(
        **row._asdict(),
        in_use=in_use,
        pool_size=pool_size,
        schema=schema,
        is_schema_current=schema_version.is_new_enough(schema),
    )


def _pool(engine: AsyncEngine) -> tuple[int, int]:
    """The connections in use, without the one that is about to ask, and the most that there can be."""
    pool = engine.pool
    return (pool.checkedout(), pool.size()) if isinstance(pool, QueuePool) else (0, 0)
