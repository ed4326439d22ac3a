"""`dash`: a live dashboard in the terminal."""

import signal
import sys
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from internal.infrastructure.cli.arguments.confirmation import USAGE_ERROR
from internal.infrastructure.cli.arguments.options import parse_duration
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.output.console import print_error
from internal.infrastructure.cli.output.failures import FAILED
from internal.infrastructure.cli.run_with_tools import installation_of, run

if TYPE_CHECKING:  # it imports Textual, which is optional
    from internal.infrastructure.cli.dash.app import DashApp

INTERRUPTED = 130


def show_dashboard(
    context: typer.Context,
    *,
    every: Annotated[str, typer.Option(help="Time between two looks, at least 1s.")] = "2s",
) -> None:
    """Show and steer everything, live, in the terminal.

    Problems, queues, tasks, workers and groups of failures. Press ? for the keys.
    Every action asks first and is in the audit. Personal data is masked.

    Examples:
      python -m cmd.admin dash
      python -m cmd.admin dash --every 5s
    """
    pause = max(timedelta(seconds=1), parse_duration(every))
    if find_spec("textual") is None:
        print_error("dash needs Textual: pip install --require-hashes -r requirements/operator.txt")
        raise typer.Exit(FAILED)
    if not (installation_of(context).is_interactive and sys.stderr.isatty()):
        print_error("dash needs a terminal. Use stats --watch elsewhere.")
        raise typer.Exit(USAGE_ERROR)
    target = installation_of(context).target
    app = run(context, lambda tools: _run(tools, target=target, every=pause))
    if app.return_value is not None:
        raise app.return_value.error
    raise typer.Exit(app.return_code or 0)


async def _run(tools: Tools, *, target: str, every: timedelta) -> "DashApp":
    import asyncio  # noqa: PLC0415 - `--help` runs nothing, and importing this takes a sixth of its time

    from internal.infrastructure.cli.dash.app import DashApp  # noqa: PLC0415 - see above
    from internal.infrastructure.cli.dash.held_log import held_log  # noqa: PLC0415 - see above
    from internal.infrastructure.cli.dash.source import Source  # noqa: PLC0415 - see above

    app = DashApp(Source.of(tools, target=target, every=every))
    for number in (signal.SIGTERM, signal.SIGINT):
        # Without a handler, the terminal would stay in the mode of the dashboard.
        asyncio.get_running_loop().add_signal_handler(number, lambda: app.exit(return_code=INTERRUPTED))
    with held_log():
        # Without the mouse, the terminal can select and copy texts as ever.
        await app.run_async(mouse=False)
    return app
