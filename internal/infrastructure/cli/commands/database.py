from typing import Annotated

import typer

from internal.infrastructure.cli.output.console import say
from internal.infrastructure.cli.output.failures import Commands
from internal.infrastructure.cli.session import installation_of

app = typer.Typer(cls=Commands, no_args_is_help=True, help="The database.")


@app.command()
def migrate(context: typer.Context) -> None:
    """Bring the database to the newest schema.

    Processes that do so at once wait for one another.

    Examples:
      python -m cmd.admin db migrate
    """
    installation_of(context).migrate()
    say("the schema is up to date")


@app.command()
def revision(
    context: typer.Context, message: Annotated[str, typer.Argument(help="What the migration does.")]
) -> None:
    """Write a migration.

    It turns the database's tables into those of the program.

    Examples:
      python -m cmd.admin db revision "add users.last_login_at"
    """
    installation_of(context).write_migration(message)
