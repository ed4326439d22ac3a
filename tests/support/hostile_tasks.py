"""Tasks whose every text is chosen by an attacker who writes to Redis."""

import json
from collections.abc import Mapping
from typing import Any

from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.protocol.failure_mark import encode_mark, mark_of
from internal.ports.tasks import TaskState
from tests.support.taskqueue.desk import HOUR, Desk
from tests.support.taskqueue.engine import PREFIX

SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
TEXTS: Mapping[str, str] = {
    "markup": SCRIPT,
    "bidi": "\u202egnp.exe\u2066\u200f\u202d",
    "control": "\0\x1b[2J\x07\x7f\x85",
    "surrogate": "\ud800\udfff",
    "combining": "e" + "\u0301" * 3_000,
    "word": "W" * 5_000,
    "megabyte": "<b>é</b> " * 120_000,
    "template": "{{7*7}}{% raw %}${7*7}",
}
IDS = (
    SCRIPT,
    "\u202egnp.exe",
    "a\0b",
    "..",
    "../../log-out",
    "a/b?c#d&e=f%2F%00",
    "W" * 2_000,
    "\\",
    " ",
    "é" * 300,
)
QUEUE = "default"


def plant(desk: Desk) -> list[str]:
    """Add a failed, a scheduled and an archived task for each text, and one for each id. Return the ids."""
    states = (TaskState.RETRY, TaskState.SCHEDULED, TaskState.ARCHIVED)
    for kind, text in TEXTS.items():
        for state in states:
            _add(desk, f"{kind}-{state}", state, text)
    for task_id in IDS:
        _add(desk, task_id, TaskState.RETRY, "no")
    return [*(f"{kind}-{state}" for kind in TEXTS for state in states), *IDS]


def _add(desk: Desk, task_id: str, state: TaskState, text: str) -> None:
    desk.add(task_id, TaskState.ACTIVE if state is not TaskState.SCHEDULED else state, wait=HOUR)
    if state is not TaskState.SCHEDULED:
        outcome = Kind.RETRY if state is TaskState.RETRY else Kind.ARCHIVED
        error = _encoded({"retries": 0, "error": f"{text}: {text}"})
        mark = encode_mark(mark_of(_clean(text), _clean(text), _clean(text)))
        desk.end(task_id, Outcome(outcome, HOUR, note=error, mark=mark))
    desk.engine.client.hset(f"{PREFIX}:{QUEUE}:messages", task_id, _encoded(_message(task_id, text)))


def _message(task_id: str, text: str) -> Mapping[str, Any]:
    payload = {"text": text, text[:100]: [text, {"email": text}]}
    options = {
        "headers": {"request_id": text, text[:100]: text},
        "traceback": f"{text}\n{text}",
        "max_retries": 25,
    }
    return {
        "queue_name": QUEUE,
        "actor_name": text,
        "args": [],
        "kwargs": payload,
        "options": options,
        "message_id": task_id,
        "message_timestamp": 1_900_000_000_000,
    }


def _encoded(content: Mapping[str, Any]) -> bytes:
    """As JSON with escapes, which may be of lone surrogates."""
    return json.dumps(content).encode()


def _clean(text: str) -> str:
    return text.encode(errors="replace").decode()
