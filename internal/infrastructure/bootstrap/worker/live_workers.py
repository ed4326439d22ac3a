from collections.abc import Sequence

from internal.infrastructure.bootstrap.services.supported_redis import require_supported_redis
from internal.infrastructure.taskqueue.connections.connection import connect
from internal.infrastructure.taskqueue.inspection.worker_registry import WorkerRegistry
from internal.infrastructure.taskqueue.inspection.write_probe import refusal_of_workers
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag
from internal.ports.task_snapshots import WorkerInfo
from internal.ports.unavailable import Unavailable


async def workers_on(host: str, *, redis_url: str) -> Sequence[WorkerInfo]:
    """The live workers on `host`, in the order of their process ids.

    Raises:
        Unavailable: Redis cannot be reached, or refuses the registration of workers.
    """
    redis, namespace = connect(redis_url), hash_tag(NAMESPACE)
    try:
        await require_supported_redis(redis)
        alive = await WorkerRegistry(redis, namespace=namespace).workers_on(host)
        if not alive and (reason := await refusal_of_workers(redis, namespace=namespace)):
            raise Unavailable(
                f"whether a worker is up on {host} is unknown: workers cannot register ({reason})"
            )
        return alive
    finally:
        await redis.aclose()
