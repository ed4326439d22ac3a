"""Alembic runs this, both from its command line and in `upgrade_to_head`."""

from alembic import context
from alembic.util import CommandError
from sqlalchemy import create_engine, pool, text

from internal.infrastructure.config.settings import load_settings
from internal.infrastructure.database.connect_arguments import ENGINE_URL, connect_arguments
from internal.infrastructure.database.engine import DatabaseTimeouts
from internal.infrastructure.database.migrations.concurrently import IMPATIENT
from internal.infrastructure.database.migrations.migration_lock import wait_for_turn
from internal.infrastructure.database.tables import metadata


def run_migrations() -> None:
    attributes = context.config.attributes
    arguments = connect_arguments(
        attributes.get("database_url") or named_database(),
        within=attributes.get("connect_within") or DatabaseTimeouts().connect,
    )
    engine = create_engine(ENGINE_URL, connect_args=arguments, poolclass=pool.NullPool)
    with engine.connect() as connection:
        wait_for_turn(connection)
        connection.execute(text(IMPATIENT))
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        if context.config.attributes.get("leave_newer") and is_newer(
            context.get_context().get_current_revision()
        ):
            return
        with context.begin_transaction():
            context.run_migrations()


def named_database() -> str:
    """The database for Alembic's own command line. It must be named explicitly."""
    settings = load_settings()
    if "database_url" not in settings.model_fields_set:
        raise CommandError("DATABASE_URL is not set; `python -m cmd.admin db migrate` finds the database")
    return settings.database_url


def is_newer(version: str | None) -> bool:
    """Whether a newer version of the program has migrated the schema further than we can."""
    return version is not None and version not in {
        known.revision for known in context.script.walk_revisions()
    }


def write_script() -> None:
    """For `--sql`: write the statements that `run_migrations` would run."""
    context.configure(dialect_name="postgresql", literal_binds=True, transaction_per_migration=True)
    context.execute(IMPATIENT)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    write_script()
else:
    run_migrations()
