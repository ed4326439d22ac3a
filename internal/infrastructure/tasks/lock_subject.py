from typing import Any

from internal.infrastructure.tasks.encoded_task import EncodedTask
from internal.infrastructure.tasks.storable import in_postgres


def lock_subject(task: EncodedTask) -> tuple[Any, ...]:
    """Return what equal tasks have in common: their key, or their name and payload."""
    key = task.options.unique_key
    # As jsonb returns the payload: a task from the outbox has the lock of one that was enqueued directly.
    return ("task", task.name, in_postgres(task.payload)) if key is None else ("key", key)
