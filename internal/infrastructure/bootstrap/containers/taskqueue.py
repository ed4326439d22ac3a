import os
from collections.abc import Callable, Collection
from datetime import timedelta
from uuid import UUID

from dependency_injector import containers, providers

from internal.infrastructure.config.payload_keys import parse_payload_keys
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.taskqueue.connections.connection import connect, pool_of
from internal.infrastructure.taskqueue.connections.timeouts import RedisTimeouts
from internal.infrastructure.taskqueue.inspection.results import RedisTaskResults
from internal.infrastructure.taskqueue.inspection.write_probe import WriteProbe
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.publishing.enqueuer import Enqueuer
from internal.infrastructure.taskqueue.publishing.publisher import DramatiqTaskPublisher
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.encrypted_payload import PayloadCipher
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.infrastructure.worker.routes import ROUTES
from internal.ports.clock import Clock
from internal.ports.tasks import Queue

QUEUES = tuple(str(queue) for queue in Queue)


def publishable_queues(settings: Settings) -> tuple[str, ...]:
    """A worker may serve only some of the queues; tasks are published to any."""
    return tuple(dict.fromkeys([*QUEUES, *settings.queue_weights]))


def _redis_timeouts(settings: Settings) -> RedisTimeouts:
    return RedisTimeouts(
        connect=timedelta(seconds=settings.redis_connect_timeout),
        command=timedelta(seconds=settings.redis_timeout),
    )


def payload_cipher(task_payload_keys: str) -> PayloadCipher | None:
    """The cipher for this value of the setting; None without keys."""
    keys = parse_payload_keys(task_payload_keys)
    if not keys.by_id:
        return None
    # Imported here, because the library takes 6 MB, and only payload keys need it.
    from internal.infrastructure.tasks.aes_gcm_cipher import AesGcmCipher  # noqa: PLC0415 - see above

    return AesGcmCipher(keys.by_id, random=os.urandom, encrypts=keys.encrypts)


def _payload_key_ids(task_payload_keys: str) -> Collection[str]:
    return frozenset(parse_payload_keys(task_payload_keys).by_id)


def _timing(settings: Settings) -> Timing:
    return Timing(
        lease=timedelta(seconds=settings.worker_lease),
        unknown_grace=timedelta(seconds=settings.unknown_task_grace),
    )


class TaskQueueContainer(containers.DeclarativeContainer):
    """Redis and what every process does with it: publish, read results, check that it takes writes."""

    settings = providers.Dependency(instance_of=Settings)
    clock: providers.Dependency[Clock] = providers.Dependency()
    new_id: providers.Dependency[Callable[[], UUID]] = providers.Dependency()

    namespace = providers.Object(hash_tag(NAMESPACE))
    timing = providers.Factory(_timing, settings)
    redis_timeouts = providers.Factory(_redis_timeouts, settings)
    redis = providers.Singleton(connect, settings.provided.redis, redis_timeouts)
    redis_pool = providers.Factory(pool_of, settings.provided.redis, redis_timeouts)

    payload_cipher = providers.Singleton(payload_cipher, settings.provided.task_payload_keys)
    payload_key_ids = providers.Callable(_payload_key_ids, settings.provided.task_payload_keys)
    codec = providers.Singleton(TaskCodec, tuple(ROUTES), payload_cipher)
    queues = providers.Callable(publishable_queues, settings)
    publisher = providers.Singleton(
        DramatiqTaskPublisher,
        enqueuer=providers.Singleton(Enqueuer, redis_pool, namespace=namespace),
        encoder=providers.Singleton(TaskEncoder, codec=codec, new_id=new_id),
        queues=queues,
        most_bytes=settings.provided.task_max_bytes,
        clock=clock,
    )
    results = providers.Singleton(RedisTaskResults, redis, redis_pool, namespace=namespace)
    write_probe = providers.Singleton(WriteProbe, redis_pool, namespace=namespace)
