from collections.abc import Callable
from uuid import UUID

from dependency_injector import containers, providers

from internal.application.admin.change_role import ChangeRole
from internal.application.admin.count_log_ins import CountLogIns
from internal.application.admin.create_user import CreateUser
from internal.application.admin.disable_user import DisableUser
from internal.application.admin.enable_user import EnableUser
from internal.application.admin.enqueue_task import EnqueueTask
from internal.application.admin.list_audit import ListAudit
from internal.application.admin.list_security_events import ListSecurityEvents
from internal.application.admin.list_users import ListUsers
from internal.application.admin.remove_user import RemoveUser
from internal.application.admin.rename_user import RenameUser
from internal.application.admin.revoke_sessions import RevokeSessions
from internal.application.admin.start_password_reset import StartPasswordReset
from internal.application.admin.view_sessions import ViewSessions
from internal.application.admin.view_user import ViewUser
from internal.ports.clock import Clock


class AdminContainer(containers.DeclarativeContainer):
    """The use cases of internal/application/admin: what administrators do with accounts and tasks."""

    clock: providers.Dependency[Clock] = providers.Dependency()
    new_id: providers.Dependency[Callable[[], UUID]] = providers.Dependency()
    database = providers.DependenciesContainer()
    security = providers.DependenciesContainer()
    taskqueue = providers.DependenciesContainer()

    list_users = providers.Factory(ListUsers, user_directory=database.user_directory)
    view_user = providers.Factory(ViewUser, uow=database.unit_of_work)
    count_log_ins = providers.Factory(CountLogIns, log_in_counts=database.log_in_counts, clock=clock)
    view_sessions = providers.Factory(ViewSessions, uow=database.unit_of_work)
    create_user = providers.Factory(
        CreateUser,
        uow=database.unit_of_work,
        new_password=security.new_password,
        clock=clock,
        new_id=new_id,
    )
    rename_user = providers.Factory(RenameUser, uow=database.unit_of_work, clock=clock)
    change_role = providers.Factory(ChangeRole, uow=database.unit_of_work, clock=clock)
    disable_user = providers.Factory(DisableUser, uow=database.unit_of_work, clock=clock)
    enable_user = providers.Factory(EnableUser, uow=database.unit_of_work, clock=clock)
    revoke_sessions = providers.Factory(RevokeSessions, uow=database.unit_of_work, clock=clock)
    start_password_reset = providers.Factory(StartPasswordReset, uow=database.unit_of_work, clock=clock)
    list_security_events = providers.Factory(
        ListSecurityEvents, security_event_log=database.security_event_log
    )
    list_audit = providers.Factory(
        ListAudit, users=database.user_reader, security_event_log=database.security_event_log
    )
    enqueue_task = providers.Factory(EnqueueTask, uow=database.unit_of_work, publisher=taskqueue.publisher)
    remove_user = providers.Factory(RemoveUser, uow=database.unit_of_work, clock=clock)
