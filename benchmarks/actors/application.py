"""A task of the application beside its own: `python -m cmd.worker benchmarks.actors.application`."""

import os
from typing import cast

import dramatiq

from benchmarks.tasks import ApplicationNoop
from internal.infrastructure.bootstrap.containers.taskqueue import payload_cipher
from internal.infrastructure.clock import SystemClock
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.worker.actors import declare_actors
from internal.ports.tasks import TaskContext


class ApplicationNoopHandler:
    async def __call__(self, task: ApplicationNoop, context: TaskContext) -> None:
        pass


declare_actors(
    cast("RedisBroker", dramatiq.get_broker()),
    codec=TaskCodec([ApplicationNoop], payload_cipher(os.environ.get("TASK_PAYLOAD_KEYS", ""))),
    clock=SystemClock(),
    task_types=[ApplicationNoop],
    resolve=lambda _: ApplicationNoopHandler(),
)
