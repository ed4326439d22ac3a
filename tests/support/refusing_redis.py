"""Ways in which a Redis answers and stores nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from shutil import rmtree

import redis

from internal.infrastructure.embedded.process import free_port
from tests.support.polling import eventually

NO_REPLICAS = "Redis takes no writes: too few replicas follow it (NOREPLICAS)"
A_REPLICA = "Redis takes no writes: it is a replica (READONLY)"
NO_DISK = "Redis takes no writes: it cannot save to its disk (MISCONF)"
FULL = "Redis is full (OOM)"

Refusing = Callable[[redis.Redis, Path], AbstractContextManager[None]]


@contextmanager
def without_replicas(admin: redis.Redis, _: Path) -> Iterator[None]:
    admin.config_set("min-replicas-to-write", 1)
    try:
        yield
    finally:
        admin.config_set("min-replicas-to-write", 0)


@contextmanager
def as_a_replica(admin: redis.Redis, _: Path) -> Iterator[None]:
    admin.replicaof("127.0.0.1", free_port())
    yield
    admin.replicaof("NO", "ONE")


@contextmanager
def without_a_disk(admin: redis.Redis, directory: Path) -> Iterator[None]:
    admin.config_set("save", "3600 1000000")
    rmtree(directory)
    admin.bgsave()
    eventually(lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "err", within=10)
    yield
    admin.config_set("save", "")
