"""The record of a failed attempt."""

from collections.abc import Callable
from typing import Annotated

import msgspec

from internal.infrastructure.taskqueue.protocol.any_bytes import decoded, readable

# Milliseconds, some 30 years. No handler has run for longer.
_LONGEST = 10**12


class AttemptNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """As it is stored. Versions that do not know `worker` and `ms` ignore them, and do not write them.

    error: its type and text, or the reason for an attempt that failed without one.
    worker: HOST:PID.
    ms: how long the handler ran; None if it did not start.
    """

    error: str
    retries: int = 0
    worker: str | None = None
    ms: Annotated[int, msgspec.Meta(ge=0, le=_LONGEST)] | None = None


encode_note: Callable[[AttemptNote], bytes] = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AttemptNote).decode


def decode_note(stored: bytes) -> AttemptNote:
    """Whatever else is stored is the text of the error."""
    try:
        return decoded(_decode, stored)
    except msgspec.DecodeError:
        return AttemptNote(readable(stored))
