"""`user promote`, `disable` and `enable`."""

from typing import Annotated

import typer

from internal.application.admin.change_role import ChangeRoleCommand
from internal.application.admin.disable_user import DisableUserCommand
from internal.application.admin.enable_user import EnableUserCommand
from internal.domain.role import Role
from internal.domain.user import User
from internal.infrastructure.cli.arguments.confirmation import confirm
from internal.infrastructure.cli.arguments.options import AsJson, Yes
from internal.infrastructure.cli.arguments.user_argument import AT_THE_COMMAND_LINE, UserArgument
from internal.infrastructure.cli.command_needs import UserTools
from internal.infrastructure.cli.commands.user_views import look_up
from internal.infrastructure.cli.output.console import print_line, show_json
from internal.infrastructure.cli.output.user_output import state_of, user_json
from internal.infrastructure.cli.run_with_tools import run_on_users


def promote(
    context: typer.Context,
    user: UserArgument,
    *,
    role: Annotated[Role, typer.Option(help="The new role; `user` takes all rights away.")] = Role.ADMIN,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Give a user another role.

    It counts at the user's next request. The last enabled admin keeps the role.

    Examples:
      python -m cmd.admin user promote ada@example.com
      python -m cmd.admin user promote ada@example.com --role viewer --yes
    """
    found, _ = look_up(context, user)
    confirm(context, f"Change the role of {found.email} from {found.role} to {role}?", yes=yes)

    async def act(tools: UserTools) -> User:
        return await tools.change_role(
            ChangeRoleCommand(actor=tools.operator, caller=AT_THE_COMMAND_LINE, user_id=found.id, role=role)
        )

    changed = run_on_users(context, act)
    _show(changed, f"{changed.email}: {changed.role}", as_json=as_json)


def disable(context: typer.Context, user: UserArgument, *, yes: Yes = False, as_json: AsJson = False) -> None:
    """Disable an account and end its sessions.

    The user cannot log in until the account is enabled again. The last enabled
    admin cannot be disabled.

    Examples:
      python -m cmd.admin user disable ada@example.com
    """
    found, _ = look_up(context, user)
    confirm(context, f"Disable {found.email} and end all sessions?", yes=yes)

    async def act(tools: UserTools) -> User:
        return await tools.disable_user(
            DisableUserCommand(actor=tools.operator, caller=AT_THE_COMMAND_LINE, user_id=found.id)
        )

    changed = run_on_users(context, act)
    _show(changed, f"{changed.email}: {state_of(changed)}", as_json=as_json)


def enable(context: typer.Context, user: UserArgument, *, as_json: AsJson = False) -> None:
    """Let the user of a disabled account log in again.

    Sessions that ended with the account stay ended.

    Examples:
      python -m cmd.admin user enable ada@example.com
    """
    found, _ = look_up(context, user)

    async def act(tools: UserTools) -> User:
        return await tools.enable_user(
            EnableUserCommand(actor=tools.operator, caller=AT_THE_COMMAND_LINE, user_id=found.id)
        )

    changed = run_on_users(context, act)
    _show(changed, f"{changed.email}: {state_of(changed)}", as_json=as_json)


def _show(user: User, line: str, *, as_json: bool) -> None:
    if as_json:
        show_json(user_json(user))
    else:
        print_line(line)
