from uuid import uuid4

from dependency_injector import containers, providers

from internal.infrastructure.bootstrap.containers.admin import AdminContainer
from internal.infrastructure.bootstrap.containers.auth import AuthContainer
from internal.infrastructure.bootstrap.containers.database import DatabaseContainer
from internal.infrastructure.bootstrap.containers.email import EmailContainer
from internal.infrastructure.bootstrap.containers.inspection import InspectionContainer
from internal.infrastructure.bootstrap.containers.security import SecurityContainer
from internal.infrastructure.bootstrap.containers.taskqueue import TaskQueueContainer
from internal.infrastructure.bootstrap.containers.tasks import TasksContainer
from internal.infrastructure.bootstrap.containers.users import UsersContainer
from internal.infrastructure.bootstrap.containers.worker import WorkerContainer
from internal.infrastructure.clock import SystemClock
from internal.infrastructure.config.settings import Settings


class Container(containers.DeclarativeContainer):
    """Every object of the program and what it is made of, by area. All processes share it.

    Nothing here connects to anything: `lifespan.py` opens and closes the resources.
    """

    settings = providers.Dependency(instance_of=Settings)
    clock = providers.Singleton(SystemClock)
    new_id = providers.Object(uuid4)

    taskqueue = providers.Container(TaskQueueContainer, settings=settings, clock=clock, new_id=new_id)
    database = providers.Container(
        DatabaseContainer, settings=settings, clock=clock, new_id=new_id, taskqueue=taskqueue
    )
    security = providers.Container(SecurityContainer, settings=settings, clock=clock, taskqueue=taskqueue)
    email = providers.Container(EmailContainer, settings=settings, clock=clock)

    auth = providers.Container(
        AuthContainer, clock=clock, new_id=new_id, database=database, security=security
    )
    users = providers.Container(UsersContainer, clock=clock, database=database, security=security)
    admin = providers.Container(
        AdminContainer,
        clock=clock,
        new_id=new_id,
        database=database,
        security=security,
        taskqueue=taskqueue,
    )
    inspection = providers.Container(InspectionContainer, database=database, taskqueue=taskqueue)
    tasks = providers.Container(
        TasksContainer,
        settings=settings,
        clock=clock,
        database=database,
        security=security,
        email=email,
        inspection=inspection,
    )
    # Controllers ask for the use cases of these areas.
    use_cases = providers.List(auth, users, admin)

    worker = providers.Container(WorkerContainer, settings=settings, taskqueue=taskqueue)
