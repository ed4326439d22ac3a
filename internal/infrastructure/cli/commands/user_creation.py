"""`user create-admin` and `seed`."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from secrets import token_urlsafe
from typing import Annotated

import typer

from internal.application.admin.create_user import CreateUserCommand
from internal.domain.role import Role
from internal.domain.user import EmailAlreadyRegistered, User
from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.arguments.user_argument import AT_THE_COMMAND_LINE
from internal.infrastructure.cli.command_needs import UserTools
from internal.infrastructure.cli.output.console import print_line, show_json
from internal.infrastructure.cli.output.user_output import user_json
from internal.infrastructure.cli.run_with_tools import installation_of, run_on_users

# The example domains are reserved (RFC 2606), so no mail reaches anybody.
DEMO_USERS = (
    ("admin@example.com", "Demo Admin", Role.ADMIN),
    ("viewer@example.com", "Demo Viewer", Role.VIEWER),
    ("user@example.com", "Demo User", Role.USER),
)
RANDOM_BYTES = 18


def create_admin(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="Email address of the new admin.", show_default=False)],
    *,
    name: Annotated[str, typer.Option(help="Name of the new admin.")] = "Admin",
    generate_password: Annotated[
        bool, typer.Option("--generate-password", help="Make a random password and print it once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create an admin.

    Asks for the password at a terminal, or else reads it from the first line
    of standard input. Use `user promote` for somebody who has an account.

    Examples:
      python -m cmd.admin user create-admin ada@example.com --name "Ada Lovelace"
      python -m cmd.admin user create-admin ada@example.com --generate-password
      python -m cmd.admin user create-admin ada@example.com < password.txt
    """
    password = token_urlsafe(RANDOM_BYTES) if generate_password else _read_password(context)

    async def create(tools: UserTools) -> User:
        return await _create(tools, email=email, name=name, role=Role.ADMIN, password=password)

    user = run_on_users(context, create)
    if as_json:
        show_json({"user": user_json(user), "password": password if generate_password else None})
        return
    print_line(f"created the admin {user.email}")
    if generate_password:
        print_line(f"password: {password}")


def seed(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Create demo users with random passwords, which are printed once.

    Users that are there already stay as they are. Refuses in production.

    Examples:
      python -m cmd.admin user seed
    """
    installation_of(context).require_no_production()

    async def create(tools: UserTools) -> Sequence[tuple[User, str]]:
        created = []
        for email, name, role in DEMO_USERS:
            password = token_urlsafe(RANDOM_BYTES)
            with suppress(EmailAlreadyRegistered):
                user = await _create(tools, email=email, name=name, role=role, password=password)
                created.append((user, password))
        return created

    created = run_on_users(context, create)
    if as_json:
        show_json({"created": [{"user": user_json(user), "password": secret} for user, secret in created]})
        return
    for user, password in created:
        print_line(f"{user.email}  {user.role}  password: {password}")
    if not created:
        print_line("the demo users are there already")


async def _create(tools: UserTools, *, email: str, name: str, role: Role, password: str) -> User:
    return await tools.create_user(
        CreateUserCommand(
            actor=tools.operator,
            caller=AT_THE_COMMAND_LINE,
            email=email,
            name=name,
            password=password,
            role=role,
        )
    )


def _read_password(context: typer.Context) -> str:
    if installation_of(context).is_interactive:
        typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    try:
        password = sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise typer.BadParameter("The password at standard input is not UTF-8.") from error
    if not password:
        raise typer.BadParameter("There is no password at standard input. Use --generate-password.")
    return password
