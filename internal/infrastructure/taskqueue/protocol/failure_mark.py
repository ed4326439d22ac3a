"""What failures have in common: the task's name, the type of the error, and where in our code it arose."""

from collections.abc import Callable
from hashlib import sha256

import msgspec

from internal.infrastructure.taskqueue.protocol.any_bytes import decoded
from internal.infrastructure.telemetry.error_text import bounded

# Bytes. A class or a function may have any name.
MOST = 200
# Hexadecimal digits. Two of a million groups share a fingerprint with a probability of 0.2 %.
DIGITS = 12


class FailureMark(msgspec.Struct, frozen=True, array_like=True):
    """As it is stored with a task. Failures with the same fingerprint are one group.

    frame: "file in function" of the innermost frame of our own code; empty without one.
    """

    fingerprint: str
    task_name: str
    error_type: str
    frame: str


def mark_of(task_name: str, error_type: str, frame: str) -> FailureMark:
    parts = [bounded(part, MOST) for part in (task_name, error_type, frame)]
    fingerprint = sha256("\0".join(parts).encode()).hexdigest()[:DIGITS]
    return FailureMark(fingerprint, *parts)


encode_mark: Callable[[FailureMark], bytes] = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(FailureMark).decode


def decode_mark(stored: bytes) -> FailureMark:
    """Raise msgspec.DecodeError."""
    return decoded(_decode, stored)
