from dependency_injector import containers, providers

from internal.application.users.change_name import ChangeName
from internal.ports.clock import Clock


class UsersContainer(containers.DeclarativeContainer):
    """The use cases of internal/application/users: what users do with their own accounts."""

    clock: providers.Dependency[Clock] = providers.Dependency()
    database = providers.DependenciesContainer()

    change_name = providers.Factory(ChangeName, uow=database.unit_of_work, clock=clock)
