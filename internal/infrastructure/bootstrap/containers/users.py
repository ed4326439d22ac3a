from dependency_injector import containers, providers

from internal.application.users.change_name import ChangeName
from internal.application.users.end_all_sessions import EndAllSessions
from internal.application.users.end_session import EndSession
from internal.application.users.list_sessions import ListSessions
from internal.ports.clock import Clock


class UsersContainer(containers.DeclarativeContainer):
    """The use cases of internal/application/users: what users do with their own accounts."""

    clock: providers.Dependency[Clock] = providers.Dependency()
    database = providers.DependenciesContainer()

    change_name = providers.Factory(ChangeName, uow=database.unit_of_work, clock=clock)
    list_sessions = providers.Factory(ListSessions, uow=database.unit_of_work)
    end_session = providers.Factory(EndSession, uow=database.unit_of_work)
    end_all_sessions = providers.Factory(EndAllSessions, uow=database.unit_of_work, clock=clock)
