"""Encrypts a task: its payload, and the keys of its lock and its limits."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from internal.infrastructure.tasks.encoded_task import EncodedTask
from internal.infrastructure.tasks.encrypted_payload import PayloadCipher
from internal.infrastructure.tasks.lock_subject import lock_subject

# Sorts the fields, so that equal payloads have equal digests.
_encode = msgspec.json.Encoder(order="sorted").encode


def encrypted(task: EncodedTask, data: bytes, *, cipher: PayloadCipher) -> EncodedTask:
    """Return the task with its payload encrypted. `data` is the payload as JSON.

    The outbox stores the options, so a lock or a limit gets a digest as its key.
    """
    payload = cipher.encrypt(data, name=task.name, task_id=task.id)
    digests = _digests(task, cipher)
    options = replace(task.options, **digests) if digests else task.options
    return replace(task, payload=payload, options=options)


def _digests(task: EncodedTask, cipher: PayloadCipher) -> Mapping[str, Any]:
    digests = {}
    if task.options.unique_for is not None:
        digests["unique_key"] = cipher.digest(_encode(("lock", *lock_subject(task))))
    if task.options.limit_key is not None:
        digests["limit_key"] = cipher.digest(_encode(("limit", task.options.limit_key)))
    return digests
