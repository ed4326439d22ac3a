"""`python -m cmd.admin`: what an operator does."""

import asyncio
import socket
from typing import Annotated

import typer

from internal.infrastructure.bootstrap.entrypoint import entry_point
from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.ping import workers_alive_on
from internal.infrastructure.bootstrap.services import locate_redis, locate_services

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="What an operator does."
)
worker = typer.Typer(no_args_is_help=True, help="The workers.")
db = typer.Typer(no_args_is_help=True, help="The database.")
app.add_typer(worker, name="worker")
app.add_typer(db, name="db")


@worker.command()
def ping(
    host: Annotated[str, typer.Option(help="The host that a worker must be up on.")] = socket.gethostname(),
) -> None:
    """Exit 0 if a worker is up on this host and its event loop turns; 1 if not."""
    with entry_point("cmd.admin"):
        process_ids = asyncio.run(workers_alive_on(host, redis_url=locate_redis()))
    if not process_ids:
        typer.echo(f"no worker is up on {host}", err=True)
        raise typer.Exit(1)
    typer.echo(f"up on {host}: {', '.join(str(process_id) for process_id in process_ids)}")


@db.command()
def migrate() -> None:
    """Bring the database to the newest schema; processes that do so at once wait for one another."""
    # Only here: importing this takes half a second, and `worker ping` is a health check, run all the time.
    from internal.infrastructure.database.schema import upgrade_to_head  # noqa: PLC0415 - see above

    with entry_point("cmd.admin"):
        upgrade_to_head(locate_services().database_url)
    typer.echo("the schema is up to date")


@db.command()
def revision(message: Annotated[str, typer.Argument(help="What the migration does.")]) -> None:
    """Write a migration that turns the database's tables into those of the program."""
    from alembic.util import CommandError  # noqa: PLC0415 - as in migrate

    from internal.infrastructure.database.schema import write_migration  # noqa: PLC0415 - as in migrate

    with entry_point("cmd.admin"):
        try:
            write_migration(locate_services().database_url, message)
        except CommandError as error:
            raise NotReady(str(error)) from error


if __name__ == "__main__":
    app()
