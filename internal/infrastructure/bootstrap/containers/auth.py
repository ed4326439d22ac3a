from collections.abc import Callable
from uuid import UUID

from dependency_injector import containers, providers

from internal.application.auth.authenticate import Authenticate
from internal.application.auth.authorize import Authorize
from internal.application.auth.confirm_email import ConfirmEmail
from internal.application.auth.log_in import LogIn
from internal.application.auth.log_out import LogOut
from internal.application.auth.open_session import OpenSession
from internal.application.auth.refresh_session import RefreshSession
from internal.application.auth.register_user import RegisterUser
from internal.application.auth.request_password_reset import RequestPasswordReset
from internal.application.auth.request_verification import RequestVerification
from internal.application.auth.reset_password import ResetPassword
from internal.application.auth.verify_email import VerifyEmail
from internal.ports.clock import Clock


class AuthContainer(containers.DeclarativeContainer):
    """The use cases of internal/application/auth. A controller asks for one by its name here."""

    clock: providers.Dependency[Clock] = providers.Dependency()
    new_id: providers.Dependency[Callable[[], UUID]] = providers.Dependency()
    database = providers.DependenciesContainer()
    security = providers.DependenciesContainer()

    open_session = providers.Factory(
        OpenSession,
        token_issuer=security.token_issuer,
        refresh_tokens=security.refresh_tokens,
        clock=clock,
        new_id=new_id,
    )

    register_user = providers.Factory(
        RegisterUser,
        uow=database.unit_of_work,
        password_hasher=security.password_hasher,
        new_password=security.new_password,
        rate_limiter=security.rate_limiter,
        open_session=open_session,
        clock=clock,
        new_id=new_id,
    )
    log_in = providers.Factory(
        LogIn,
        uow=database.unit_of_work,
        users=database.user_reader,
        password_hasher=security.password_hasher,
        password_attempts=security.password_attempts,
        rate_limiter=security.rate_limiter,
        open_session=open_session,
        clock=clock,
    )
    refresh_session = providers.Factory(
        RefreshSession,
        uow=database.unit_of_work,
        rate_limiter=security.rate_limiter,
        token_issuer=security.token_issuer,
        refresh_tokens=security.refresh_tokens,
    )
    log_out = providers.Factory(LogOut, uow=database.unit_of_work, refresh_tokens=security.refresh_tokens)
    authenticate = providers.Factory(
        Authenticate, users=database.user_reader, token_issuer=security.token_issuer
    )
    authorize = providers.Factory(Authorize, uow=database.unit_of_work, rate_limiter=security.rate_limiter)
    verify_email = providers.Factory(VerifyEmail, uow=database.unit_of_work, clock=clock)
    request_verification = providers.Factory(
        RequestVerification, uow=database.unit_of_work, rate_limiter=security.rate_limiter
    )
    confirm_email = providers.Factory(ConfirmEmail, uow=database.unit_of_work, clock=clock)
    request_password_reset = providers.Factory(
        RequestPasswordReset, uow=database.unit_of_work, rate_limiter=security.rate_limiter, clock=clock
    )
    reset_password = providers.Factory(
        ResetPassword,
        uow=database.unit_of_work,
        new_password=security.new_password,
        password_attempts=security.password_attempts,
        clock=clock,
    )
