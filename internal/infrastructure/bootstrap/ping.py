from internal.infrastructure.taskqueue.connection import connect
from internal.infrastructure.taskqueue.namespace import NAMESPACE
from internal.infrastructure.worker.heartbeat import WorkerHeartbeat


async def workers_alive_on(host: str, *, redis_url: str) -> list[int]:
    """The process ids of the workers that are up on `host`. Raises Unavailable if Redis cannot say."""
    redis = connect(redis_url)
    try:
        return await WorkerHeartbeat(redis=redis, namespace=NAMESPACE).alive_on(host)
    finally:
        await redis.aclose()
