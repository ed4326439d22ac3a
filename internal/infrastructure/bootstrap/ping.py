from internal.infrastructure.taskqueue.connection import connect
from internal.infrastructure.taskqueue.namespace import NAMESPACE, hash_tag
from internal.infrastructure.taskqueue.worker_cards import WorkerCards


async def workers_alive_on(host: str, *, redis_url: str) -> list[int]:
    """The process ids of the workers that are up on `host`. Raises Unavailable if Redis cannot say."""
    redis = connect(redis_url)
    try:
        return await WorkerCards(redis, namespace=hash_tag(NAMESPACE)).alive_on(host)
    finally:
        await redis.aclose()
