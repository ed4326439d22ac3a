"""The admin of `make run`, whose random password is in a file."""

from internal.application.admin.create_user import CreateUserCommand
from internal.application.admin.view_user import ViewUserCommand
from internal.domain.caller import Caller
from internal.domain.email_address import EmailAddress
from internal.domain.operator import Operator
from internal.domain.role import Role
from internal.domain.user import UserNotFound
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.paths import VAR_DIRECTORY
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.embedded.password import kept_password

# Mail to this domain reaches nobody (RFC 2606).
EMAIL = EmailAddress("admin@example.com")
PASSWORD_FILE = VAR_DIRECTORY / "admin-password"
LENGTH = 24


async def ensure_admin(settings: Settings) -> None:
    """Create the admin and the file. An account that exists stays as it is."""
    container = Container(settings=settings)
    admin = container.admin()
    async with open_resources(container):
        try:
            await admin.view_user()(ViewUserCommand(actor=Operator(), user=EMAIL))
        except UserNotFound:
            length = max(LENGTH, settings.password_min_length)
            await admin.create_user()(
                CreateUserCommand(
                    actor=Operator(),
                    caller=Caller(address=None, user_agent=None, request_id=None),
                    email=EMAIL.value,
                    name="Development Admin",
                    # The file comes first: an account whose password nobody knows would be of no use.
                    password=kept_password(PASSWORD_FILE, length=length),
                    role=Role.ADMIN,
                )
            )
