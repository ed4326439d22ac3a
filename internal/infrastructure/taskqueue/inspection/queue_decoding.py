"""Decodes what `queues.lua` returns about a queue."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from internal.infrastructure.taskqueue.inspection.task_decoding import STATES
from internal.infrastructure.taskqueue.protocol.any_bytes import readable
from internal.ports.task_snapshots import QueueInfo
from internal.ports.tasks import TaskState


def queue_info(
    name: bytes, is_paused: int, sizes: Sequence[Any], waited: int, memory: int, processed: int, failed: int
) -> QueueInfo:
    sizes_by_state: dict[TaskState, int] = {}
    for set_name, size in zip(sizes[::2], sizes[1::2], strict=True):
        state = STATES[set_name.decode()]
        sizes_by_state[state] = sizes_by_state.get(state, 0) + size
    return QueueInfo(
        name=readable(name),
        is_paused=bool(is_paused),
        sizes=sizes_by_state,
        latency=timedelta(milliseconds=waited),
        memory=memory,
        processed=processed,
        failed=failed,
    )
