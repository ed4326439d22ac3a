from dependency_injector import containers, providers

from internal.application.users.change_name import ChangeName
from internal.application.users.change_password import ChangePassword
from internal.application.users.confirm_password import ConfirmPassword
from internal.application.users.delete_account import DeleteAccount
from internal.application.users.end_all_sessions import EndAllSessions
from internal.application.users.end_session import EndSession
from internal.application.users.export_account import ExportAccount
from internal.application.users.list_own_security_events import ListOwnSecurityEvents
from internal.application.users.list_sessions import ListSessions
from internal.application.users.request_email_change import RequestEmailChange
from internal.ports.clock import Clock


class UsersContainer(containers.DeclarativeContainer):
    """The use cases of internal/application/users: what users do with their own accounts."""

    clock: providers.Dependency[Clock] = providers.Dependency()
    database = providers.DependenciesContainer()
    security = providers.DependenciesContainer()

    change_name = providers.Factory(
        ChangeName, uow=database.unit_of_work, rate_limiter=security.rate_limiter, clock=clock
    )
    list_sessions = providers.Factory(ListSessions, uow=database.unit_of_work)
    list_own_security_events = providers.Factory(
        ListOwnSecurityEvents, security_event_log=database.security_event_log
    )
    end_session = providers.Factory(EndSession, uow=database.unit_of_work)
    end_all_sessions = providers.Factory(EndAllSessions, uow=database.unit_of_work, clock=clock)
    confirm_password = providers.Factory(
        ConfirmPassword,
        uow=database.unit_of_work,
        password_hasher=security.password_hasher,
        password_attempts=security.password_attempts,
        rate_limiter=security.rate_limiter,
    )
    change_password = providers.Factory(
        ChangePassword,
        uow=database.unit_of_work,
        confirm_password=confirm_password,
        new_password=security.new_password,
        clock=clock,
    )
    request_email_change = providers.Factory(
        RequestEmailChange,
        uow=database.unit_of_work,
        confirm_password=confirm_password,
        rate_limiter=security.rate_limiter,
        clock=clock,
    )
    delete_account = providers.Factory(
        DeleteAccount, uow=database.unit_of_work, confirm_password=confirm_password, clock=clock
    )
    export_account = providers.Factory(
        ExportAccount,
        uow=database.unit_of_work,
        security_event_log=database.security_event_log,
        rate_limiter=security.rate_limiter,
    )
