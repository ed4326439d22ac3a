import sys

import typer

from internal.infrastructure.cli.output.console import print_error
from internal.infrastructure.cli.output.failures import FAILED
from internal.infrastructure.cli.run_with_tools import installation_of
from internal.infrastructure.escape import escape

USAGE_ERROR = 2


def confirm(context: typer.Context, question: str, *, yes: bool) -> None:
    """Exit unless the operator agrees, at the terminal or with `--yes`."""
    if yes:
        return
    if not installation_of(context).is_interactive:
        print_error("Aborted: not a terminal. Use --yes.")
        raise typer.Exit(USAGE_ERROR)
    prompt = f"{installation_of(context).target}: {question}"
    typer.echo(f"{escape(prompt)} [y/N] ", err=True, nl=False)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        print_error("Aborted.")
        raise typer.Exit(FAILED)
