from dependency_injector import containers, providers

from internal.infrastructure.config.settings import Settings
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import connect_blocking
from internal.infrastructure.taskqueue.scheduling.periodic import validate_schedule
from internal.infrastructure.taskqueue.scheduling.scheduler import Scheduler
from internal.infrastructure.worker.schedule import SCHEDULE


class WorkerContainer(containers.DeclarativeContainer):
    """What only a worker needs: the broker that its actors belong to, and the scheduler."""

    settings = providers.Dependency(instance_of=Settings)
    taskqueue = providers.DependenciesContainer()

    broker = providers.Singleton(
        RedisBroker,
        client=providers.Singleton(connect_blocking, settings.provided.redis, taskqueue.redis_timeouts),
        timing=taskqueue.timing,
        most_bytes=settings.provided.task_max_bytes,
        payload_keys=taskqueue.payload_key_ids,
    )
    scheduler = providers.Singleton(
        Scheduler,
        providers.Callable(validate_schedule, SCHEDULE, encoder=taskqueue.publisher),
        encoder=taskqueue.publisher,
        pool=taskqueue.redis_pool,
        namespace=taskqueue.namespace,
    )
