"""The pages of the own account."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from internal.infrastructure.http.web.account.activity_controller import ActivityController
from internal.infrastructure.http.web.account.deletion_controller import DeletionController
from internal.infrastructure.http.web.account.email_controller import EmailController
from internal.infrastructure.http.web.account.end_all_sessions_controller import EndAllSessionsController
from internal.infrastructure.http.web.account.export_controller import ExportController
from internal.infrastructure.http.web.account.name_controller import NameController
from internal.infrastructure.http.web.account.overview_controller import OverviewController
from internal.infrastructure.http.web.account.password_controller import PasswordController
from internal.infrastructure.http.web.account.sessions_controller import SessionsController
from internal.infrastructure.http.web.account.verification_controller import VerificationController

ACCOUNT_PAGES: Sequence[ControllerRouterHandler] = (
    OverviewController,
    NameController,
    EmailController,
    VerificationController,
    PasswordController,
    SessionsController,
    EndAllSessionsController,
    ActivityController,
    ExportController,
    DeletionController,
)
