"""`user ls`, `show`, `sessions` and `log-ins`."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated

import typer

from internal.application.admin.count_log_ins import CountLogInsCommand
from internal.application.admin.list_users import ListedUsers, ListUsersCommand
from internal.application.admin.revoke_sessions import RevokeSessionsCommand
from internal.application.admin.view_sessions import ViewSessionsCommand
from internal.application.admin.view_user import ViewUserCommand
from internal.domain.role import Role
from internal.domain.session import Session
from internal.domain.user import User
from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.confirmation import confirm
from internal.infrastructure.cli.arguments.options import AsJson, Yes
from internal.infrastructure.cli.arguments.user_argument import (
    AT_THE_COMMAND_LINE,
    UserArgument,
    parse_user,
)
from internal.infrastructure.cli.command_needs import UserTools
from internal.infrastructure.cli.output.console import print_line, show_fields, show_json, show_table
from internal.infrastructure.cli.output.user_output import (
    LOG_INS,
    SESSIONS,
    USERS,
    session_json,
    session_row,
    user_fields,
    user_json,
    user_row,
)
from internal.infrastructure.cli.run_with_tools import run_on_users
from internal.ports.user_directory import UserOrder, UserState


def list_users(
    context: typer.Context,
    *,
    search: Annotated[str, typer.Option(help="Beginnings of words of the name or the address.")] = "",
    role: Annotated[Role | None, typer.Option(help="Only users with this role.")] = None,
    state: Annotated[UserState | None, typer.Option("--state", "-s", help="Only in this state.")] = None,
    sort: Annotated[UserOrder, typer.Option(help="A minus means descending.")] = UserOrder.NEWEST_FIRST,
    size: Annotated[int, typer.Option(min=1, max=100, help="Maximum number of users.")] = 30,
    cursor: Annotated[str | None, typer.Option(help="Cursor from the end of the previous page.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the users, the newest first.

    A search finds users all of whose words begin a word of the name or the
    address.

    Examples:
      python -m cmd.admin user ls
      python -m cmd.admin user ls --role admin --sort email
      python -m cmd.admin user ls --search "ada example" -s disabled --json
    """

    async def read(tools: UserTools) -> tuple[ListedUsers, datetime]:
        command = ListUsersCommand(
            actor=tools.operator,
            search=search,
            role=role,
            state=state,
            order=sort,
            per_page=size,
            cursor=cursor,
        )
        return await tools.list_users(command), tools.clock.now()

    listed, now = run_on_users(context, read)
    if as_json:
        show_json({"users": [user_json(user) for user in listed.users], "next": listed.next})
        return
    show_table(USERS, [user_row(user, now) for user in listed.users], empty="There are no such users.")
    if listed.next is not None:
        print_line(f"Next page: --cursor {listed.next}")


def show(context: typer.Context, user: UserArgument, *, as_json: AsJson = False) -> None:
    """Show one user.

    The output is personal data.

    Examples:
      python -m cmd.admin user show ada@example.com
    """
    found, now = look_up(context, user)
    if as_json:
        show_json(user_json(found))
    else:
        show_fields(user_fields(found, now))


def look_up(context: typer.Context, user: str) -> tuple[User, datetime]:
    """The user with this id or address, and the time."""
    key = parse_user(user)

    async def read(tools: UserTools) -> tuple[User, datetime]:
        return await tools.view_user(ViewUserCommand(actor=tools.operator, user=key)), tools.clock.now()

    return run_on_users(context, read)


def sessions(
    context: typer.Context,
    user: UserArgument,
    *,
    revoke: Annotated[bool, typer.Option("--revoke", help="End all of them.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """List the sessions of a user, or end them.

    With --revoke, the user must log in again on every device.

    Examples:
      python -m cmd.admin user sessions ada@example.com
      python -m cmd.admin user sessions ada@example.com --revoke --yes
    """
    found, now = look_up(context, user)
    if revoke:
        _revoke(context, found, yes=yes, as_json=as_json)
        return

    async def read(tools: UserTools) -> Sequence[Session]:
        return await tools.view_sessions(ViewSessionsCommand(actor=tools.operator, user_id=found.id))

    listed = run_on_users(context, read)
    if as_json:
        show_json({"user_id": str(found.id), "sessions": [session_json(session) for session in listed]})
    else:
        rows = [session_row(session, now) for session in listed]
        show_table(SESSIONS, rows, empty=f"{found.email} has no sessions.")


def _revoke(context: typer.Context, user: User, *, yes: bool, as_json: bool) -> None:
    confirm(context, f"End all sessions of {user.email}?", yes=yes)

    async def act(tools: UserTools) -> int:
        return await tools.revoke_sessions(
            RevokeSessionsCommand(actor=tools.operator, caller=AT_THE_COMMAND_LINE, user_id=user.id)
        )

    revoked = run_on_users(context, act)
    if as_json:
        show_json({"user_id": str(user.id), "revoked": revoked})
    else:
        print_line(f"{humanize.counted(revoked, 'session')} ended")


def log_ins(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Option(min=1, max=400, help="Number of days, with today.")] = 14,
    as_json: AsJson = False,
) -> None:
    """Show the number of log-ins per day.

    A day begins at midnight in UTC. Nothing tells who logged in.

    Examples:
      python -m cmd.admin user log-ins
      python -m cmd.admin user log-ins --days 90 --json
    """

    async def read(tools: UserTools) -> Mapping[date, int]:
        return await tools.count_log_ins(CountLogInsCommand(actor=tools.operator, days=days))

    counts = run_on_users(context, read)
    if as_json:
        show_json({"days": [{"day": day.isoformat(), "log_ins": count} for day, count in counts.items()]})
    else:
        show_table(LOG_INS, [(day.isoformat(), f"{count:,}") for day, count in counts.items()], empty="")
