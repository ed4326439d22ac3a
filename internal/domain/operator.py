from dataclasses import dataclass

from internal.domain.errors import Conflict
from internal.domain.role import Permission


class OwnAccount(Conflict):
    """Administrators cannot lock themselves out by mistake."""

    code = "OWN_ACCOUNT"

    def __init__(self) -> None:
        super().__init__("You cannot do this to your own account")


@dataclass(frozen=True, slots=True)
class Operator:
    """The person at the command line. They can change the database, so they have every permission.

    name: `cli:<os user>@<host>`; None for the program itself.
    """

    name: str | None = None
    id: None = None

    def require(self, permission: Permission) -> None:
        """Permit it."""
