"""`audit`: what operators did to tasks."""

from datetime import datetime
from typing import Annotated

import typer

from internal.application.admin.list_audit import ListAuditCommand, ListedAudit
from internal.application.audited_action import ACTIONS
from internal.domain.security_event import EventName
from internal.infrastructure.cli.arguments.options import AsJson, parse_time
from internal.infrastructure.cli.command_needs import UserTools
from internal.infrastructure.cli.output.audit_output import AUDIT, action_json, action_row
from internal.infrastructure.cli.output.console import print_line, show_json, show_table
from internal.infrastructure.cli.output.failures import unknown_name
from internal.infrastructure.cli.run_with_tools import run_on_users


def _parse_action(text: str) -> EventName:
    """Raises BadParameter."""
    try:
        return ACTIONS[text]
    except KeyError as error:
        raise typer.BadParameter(f"{unknown_name('action', text, ACTIONS)}.") from error


def list_audit(
    context: typer.Context,
    *,
    actor: Annotated[
        str | None, typer.Option(help="Only what this user or operator did: an address, an id, cli:ada@host.")
    ] = None,
    action: Annotated[
        EventName | None,
        typer.Option(parser=_parse_action, metavar="ACTION", help="Only this action: run, pause-queue."),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(parser=parse_time, metavar="TIME", help="Not before this time: 2030-01-31T09:00:00Z."),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(parser=parse_time, metavar="TIME", help="Before this time.")
    ] = None,
    size: Annotated[int, typer.Option(min=1, max=100, help="Maximum number of actions.")] = 30,
    cursor: Annotated[str | None, typer.Option(help="Cursor from the end of the previous page.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what operators did to tasks, the newest first.

    Shows who did it, here or in the dashboard, from where, and the result. An
    action without a result still runs, or its process died.

    Examples:
      python -m cmd.admin audit
      python -m cmd.admin audit --actor ada@example.com --action delete
      python -m cmd.admin audit --since 2030-01-31T09:00:00Z --json
    """

    async def read(tools: UserTools) -> tuple[ListedAudit, datetime]:
        command = ListAuditCommand(
            actor=tools.operator,
            by=actor,
            name=action,
            since=since,
            until=until,
            size=size,
            cursor=cursor,
        )
        return await tools.list_audit(command), tools.clock.now()

    _show(*run_on_users(context, read), as_json=as_json)


def _show(listed: ListedAudit, now: datetime, *, as_json: bool) -> None:
    if as_json:
        show_json({"actions": [action_json(one) for one in listed.actions], "next": listed.next})
        return
    show_table(AUDIT, [action_row(one, now) for one in listed.actions], empty="There are no such actions.")
    if listed.next is not None:
        print_line(f"Next page: --cursor {listed.next}")
