from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.postgres_info import read_postgres_info
from internal.infrastructure.monitoring.services import Services
from internal.infrastructure.taskqueue.inspection.redis_info import read_redis_info


def services_of(container: Container) -> Services:
    """The Redis and the Postgres of this process, for operators."""
    database, taskqueue = container.database(), container.taskqueue()
    return Services(
        redis=lambda: read_redis_info(taskqueue.redis()),
        postgres=lambda: read_postgres_info(database.engine(), database.schema_version()),
        refusal=taskqueue.write_probe().refusal,
    )
