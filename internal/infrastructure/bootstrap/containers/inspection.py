from dependency_injector import containers, providers

from internal.infrastructure.database.outbox.inspector import SqlAlchemyOutboxInspector
from internal.infrastructure.taskqueue.inspection.inspector import RedisTaskInspector
from internal.infrastructure.taskqueue.scheduling.periodic import validate_schedule
from internal.infrastructure.taskqueue.scheduling.schedule_inspector import ScheduleInspector
from internal.infrastructure.worker.schedule import SCHEDULE


class InspectionContainer(containers.DeclarativeContainer):
    """What an operator looks at and acts on: tasks, schedules and the outbox."""

    database = providers.DependenciesContainer()
    taskqueue = providers.DependenciesContainer()

    schedules = providers.Singleton(
        ScheduleInspector,
        taskqueue.redis_pool,
        namespace=taskqueue.namespace,
        entries=providers.Callable(validate_schedule, SCHEDULE, encoder=taskqueue.publisher).provider,
        encoder=taskqueue.publisher,
        new_id=taskqueue.new_id,
    )
    tasks = providers.Singleton(
        RedisTaskInspector,
        taskqueue.redis,
        namespace=taskqueue.namespace,
        timing=taskqueue.timing,
        completion_log=database.completion_log,
        schedules=schedules,
        cipher=taskqueue.payload_cipher,
    )
    outbox = providers.Singleton(
        SqlAlchemyOutboxInspector,
        engine=database.engine,
        relay=database.outbox_relay,
        tasks=tasks,
        cipher=taskqueue.payload_cipher,
    )
