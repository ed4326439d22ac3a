"""The user that a command is about, and where the operator is."""

from typing import Annotated
from uuid import UUID

import typer

from internal.domain.caller import Caller
from internal.domain.email_address import EmailAddress, InvalidEmailAddress

AT_THE_COMMAND_LINE = Caller(address=None, user_agent=None, request_id=None)

UserArgument = Annotated[
    str, typer.Argument(metavar="USER", help="Id or email address of the user.", show_default=False)
]


def parse_user(text: str) -> UUID | EmailAddress:
    """Raises BadParameter if `text` is neither an id nor an email address."""
    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        return EmailAddress.parse(text)
    except InvalidEmailAddress as error:
        problem = f"{text!r} is neither an id nor an email address."
        raise typer.BadParameter(problem, param_hint="'USER'") from error
