"""`python -m cmd.admin`: what an operator does."""

import asyncio
import socket
from typing import Annotated

import typer

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.entrypoint import entry_point
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.bootstrap.services import locate_services
from internal.infrastructure.database.schema import upgrade_to_head, write_migration

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
        process_ids = asyncio.run(_alive_on(host))
    if not process_ids:
        typer.echo(f"no worker is up on {host}", err=True)
        raise typer.Exit(1)
    typer.echo(f"up on {host}: {', '.join(str(process_id) for process_id in process_ids)}")


@db.command()
def migrate() -> None:
    """Bring the database to the newest schema; processes that do so at once wait for one another."""
    with entry_point("cmd.admin"):
        upgrade_to_head(locate_services().database_url)
    typer.echo("the schema is up to date")


@db.command()
def revision(message: Annotated[str, typer.Argument(help="What the migration does.")]) -> None:
    """Write a migration that turns the database's tables into those of the program."""
    with entry_point("cmd.admin"):
        write_migration(locate_services().database_url, message)


async def _alive_on(host: str) -> list[int]:
    container = Container(settings=locate_services())
    async with open_resources(container):
        return await container.worker_heartbeat().alive_on(host)


if __name__ == "__main__":
    app()
