from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from dramatiq import Message

log = structlog.get_logger(__name__)


def warn_of_refused(followers: Iterable[Sequence[Any]]) -> None:
    """Log each follower that was not stored when a task ended. `followers.lua` describes the rows."""
    for queue, task_id, follower_queue, follower_id, message, state, other in followers:
        what = "its id is taken by a task" if other == follower_id else "an equal task"
        log.warning(
            "task.follower_refused",
            task_id=task_id.decode(),
            queue=queue.decode(),
            follower=Message.decode(message).actor_name,
            follower_id=follower_id.decode(),
            follower_queue=follower_queue.decode(),
            reason=f"{what} that is {state.decode()}",
            other_id=other.decode(),
        )
