from typing import Annotated

import typer

from internal.infrastructure.cli.output.console import print_line
from internal.infrastructure.cli.output.failures import CommandGroup
from internal.infrastructure.cli.run_with_tools import installation_of

app = typer.Typer(cls=CommandGroup, no_args_is_help=True, help="Migrate the database.")


@app.command()
def migrate(context: typer.Context) -> None:
    """Upgrade the database to the newest schema.

    Concurrent runs wait for each other.

    Examples:
      python -m cmd.admin db migrate
    """
    installation_of(context).migrate()
    print_line("the schema is up to date")


@app.command()
def revision(
    context: typer.Context, message: Annotated[str, typer.Argument(help="Summary of the change.")]
) -> None:
    """Generate a migration.

    It contains what differs between the database and the tables in the code.

    Examples:
      python -m cmd.admin db revision "add users.last_login_at"
    """
    installation_of(context).write_migration(message)
