from internal.application.new_password import NewPassword
from internal.domain.password_policy import PasswordPolicy
from internal.ports.password_checker import PasswordChecker
from internal.ports.password_hasher import PasswordHasher
from tests.fakes.password_checker import FakePasswordChecker
from tests.fakes.password_hasher import FakePasswordHasher


def new_password(
    *, hasher: PasswordHasher | None = None, checkers: list[PasswordChecker] | None = None
) -> NewPassword:
    """The default policy with fakes, for tests of the use cases that store a password."""
    return NewPassword(
        policy=PasswordPolicy(),
        checkers=[FakePasswordChecker()] if checkers is None else checkers,
        hasher=hasher or FakePasswordHasher(),
        app_name="PyHexaClean",
    )
