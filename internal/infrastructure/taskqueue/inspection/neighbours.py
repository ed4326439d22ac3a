"""The tasks around a task, from its record."""

from collections.abc import Mapping, Sequence

import msgspec

from internal.infrastructure.taskqueue.protocol.any_bytes import readable
from internal.infrastructure.taskqueue.protocol.stored_message import FOLLOWERS
from internal.ports.task_snapshots import GroupProgress, Neighbour, Neighbours


class _Follower(msgspec.Struct, array_like=True):
    """The first fields of a `StoredMessage`."""

    queue: str
    task_id: str
    message: str


class _Message(msgspec.Struct):
    actor_name: str


_followers = msgspec.msgpack.Decoder(list[_Follower])
_message = msgspec.json.Decoder(_Message)


def neighbours_in(record: Mapping[bytes, bytes], *, done: int) -> Neighbours | None:
    """`done` is the number of done tasks of the task's group. None: the task is alone."""
    origin = readable(record.get(b"follows", b""))
    queue, is_task, task_id = origin.partition(":")
    group = record.get(b"group")
    on_success, on_failure = (_stored_by(record.get(name.encode())) for name in FOLLOWERS)
    if not (origin or group or on_success or on_failure):
        return None
    size = int(record.get(b"size", 0))
    return Neighbours(
        follows=Neighbour(queue=queue, id=task_id) if is_task else None,
        follows_group=origin if origin and not is_task else None,
        group=GroupProgress(id=readable(group), size=size, done=done) if group else None,
        on_success=on_success,
        on_failure=on_failure,
    )


def _stored_by(packed: bytes | None) -> Sequence[Neighbour]:
    """Another version may have stored what this one cannot read."""
    if packed is None:
        return []
    try:
        return [
            Neighbour(queue=each.queue, id=each.task_id, name=_name_in(each.message))
            for each in _followers.decode(packed)
        ]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return []


def _name_in(message: str) -> str | None:
    try:
        return _message.decode(message).actor_name
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
