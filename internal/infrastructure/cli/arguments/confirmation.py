import sys

import typer

from internal.infrastructure.cli.output.console import tell
from internal.infrastructure.cli.output.escape import escape
from internal.infrastructure.cli.output.failures import FAILED
from internal.infrastructure.cli.session import installation_of

MISTAKEN = 2


def confirm(context: typer.Context, question: str, *, yes: bool) -> None:
    """Go on only if somebody agrees, or did with `--yes`. The question names what would be changed."""
    if yes:
        return
    if not installation_of(context).is_attended:
        tell("nothing was done: there is no terminal to ask at, so say --yes if you are sure")
        raise typer.Exit(MISTAKEN)
    asked = f"{installation_of(context).target}: {question}"
    typer.echo(f"{escape(asked)} [y/N] ", err=True, nl=False)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        tell("nothing was done")
        raise typer.Exit(FAILED)
