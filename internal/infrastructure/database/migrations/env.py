"""Run by Alembic, for the command line as well as for `upgrade_to_head`."""

from alembic import context
from sqlalchemy import create_engine, func, pool, select

from internal.infrastructure.database.engine import driver_url
from internal.infrastructure.database.tables import metadata
from internal.infrastructure.settings import load_settings

# Arbitrary, but the same in every process: whoever holds this advisory lock migrates.
MIGRATION_LOCK = 7_240_119


def run_migrations() -> None:
    url = context.config.attributes.get("database_url") or load_settings().database_url
    engine = create_engine(driver_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        # For the session, not the transaction: a migration may commit in between. Closing releases it.
        connection.execute(select(func.pg_advisory_lock(MIGRATION_LOCK)))
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata)
        if context.config.attributes.get("leave_newer") and is_newer(
            context.get_context().get_current_revision()
        ):
            return
        with context.begin_transaction():
            context.run_migrations()


def is_newer(version: str | None) -> bool:
    """Whether a newer version of the program, with migrations that we do not have, has been here."""
    return version is not None and version not in {
        known.revision for known in context.script.walk_revisions()
    }


if context.is_offline_mode():
    raise SystemExit("migrations run against a database, not into a script: drop --sql")
run_migrations()
