import json
from typing import Annotated

import typer

from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.output.console import print_error, print_line, show_json
from internal.infrastructure.cli.output.failures import FAILED, CommandGroup
from internal.infrastructure.cli.run_with_tools import installation_of

app = typer.Typer(cls=CommandGroup, no_args_is_help=True, help="Check the server on this machine.")


@app.callback()
def server() -> None:
    """Check the server on this machine."""


@app.command()
def ping(
    context: typer.Context,
    *,
    ready: Annotated[bool, typer.Option("--ready", help="Also check that it can serve sign-ups.")] = False,
    as_json: AsJson = False,
) -> None:
    """Exit 0 if the server on this machine answers at PRIVATE_PORT, else 1.

    With --ready, its services must be up as well.

    Examples:
      python -m cmd.admin server ping
      python -m cmd.admin server ping --ready
    """
    passes, answer = installation_of(context).server_health("/readyz" if ready else "/livez")
    reasons = answer.get("reasons") or ({} if passes else answer.get("checks") or answer)
    status = f"the server is {answer.get('status', 'up' if passes else 'not up')}"
    line = f"{status}: {json.dumps(reasons)}" if reasons else status
    if as_json:
        show_json(answer)
    elif passes:
        print_line(line)
    if not passes:
        print_error(line)
        raise typer.Exit(FAILED)
