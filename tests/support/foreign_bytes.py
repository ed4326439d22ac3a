"""Tasks, queues, workers, schedules and figures in Redis whose ids and names are not UTF-8."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import redis

from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.tasks import TaskState
from tests.support.taskqueue.counted import row_of
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import PREFIX

SHOWN = r"\xff\xfe"
STATES = tuple(state for state in TaskState if state is not TaskState.STORED)
QUEUE, FOREIGN_QUEUE = "default", "critical"
HOUR = 3_600_000  # milliseconds


def plant(desk: Desk) -> None:
    """In each state: tasks with such an id, name, error and group, and a task in a queue with such a name."""
    for state in STATES:
        error = "ValueError: QQ" if state in {TaskState.RETRY, TaskState.ARCHIVED} else ""
        facts: Any = {"options": {"retention": HOUR}, "terms": {"group": "QQ", "size": 2}}
        desk.add(f"{state}-QQ", state, queue=QUEUE, error=error, frame="QQ", **facts)
        desk.add(f"{state}-named", state, queue=QUEUE, name="name-QQ", error=error, frame="QQ", **facts)
        desk.add(f"{state}-elsewhere-QQ", state, queue=FOREIGN_QUEUE, error=error, **facts)
    desk.engine.client.hset(f"{PREFIX}:{QUEUE}:task:pending-QQ", "follows", f"{QUEUE}:first-QQ")
    _plant_worker(desk)
    _plant_schedule(desk)
    _plant_figures(desk)
    _rewrite(desk.engine.client)


def _plant_worker(desk: Desk) -> None:
    now = int(time.time() * 1000)
    running = json.dumps([["active-QQ", QUEUE, "name-QQ", now, None]])
    queues = json.dumps({QUEUE: 1, FOREIGN_QUEUE: 1})
    fields = {"host": "host-QQ", "pid": 1, "concurrency": 4, "strict": 0, "started": now, "draining": 0}
    fields |= {"queues": queues, "running": running, "waits_for": "QQ", "quiet": 0}
    row = [item for pair in fields.items() for item in pair]
    desk.engine.call(scripts.REGISTER, ("worker-QQ", HOUR, row, []))


def _plant_schedule(desk: Desk) -> None:
    entry = ("schedule-QQ", "@every 1h", "UTC", "name-QQ", FOREIGN_QUEUE)
    desk.engine.call(scripts.ANNOUNCE_SCHEDULE, (HOUR, HOUR, HOUR, [entry]))
    desk.engine.client.lpush(f"{PREFIX}:schedule:schedule-QQ:history", f"{HOUR} {HOUR} run-QQ")


def _plant_figures(desk: Desk) -> None:
    rows = [(queue, "name-QQ", row_of((0.1, 0.1))) for queue in (QUEUE, FOREIGN_QUEUE)]
    desk.engine.call(scripts.ADD_STATISTICS, ("worker-QQ", 1, rows))


def _rewrite(client: redis.Redis) -> None:
    """Put the bytes into all keys, members, fields and values."""
    for key in list(client.scan_iter(f"{PREFIX}:*")):
        kind: Any = client.type(key)
        found: Any = _READ[kind](client, key)
        client.delete(key)
        _WRITE[kind](client, _foreign(key), _foreign(found))


def _foreign(found: Any) -> Any:
    """The same with the bytes in it, and as long: texts in msgpack have their length before them."""
    if isinstance(found, bytes):
        return found.replace(b"QQ", b"\xff\xfe").replace(b"critical", b"queue-\xff\xfe")
    if isinstance(found, dict):
        return {_foreign(name): _foreign(value) for name, value in found.items()}
    return [_foreign(item) for item in found] if isinstance(found, list | set) else found


_READ: Mapping[bytes, Callable[[redis.Redis, bytes], Any]] = {
    b"string": lambda client, key: client.get(key),
    b"hash": lambda client, key: client.hgetall(key),
    b"list": lambda client, key: client.lrange(key, 0, -1),
    b"set": lambda client, key: client.smembers(key),
    b"zset": lambda client, key: dict(cast("Any", client.zrange(key, 0, -1, withscores=True))),
}
_WRITE: Mapping[bytes, Callable[[redis.Redis, bytes, Any], Any]] = {
    b"string": lambda client, key, value: client.set(key, value),
    b"hash": lambda client, key, value: client.hset(key, mapping=value),
    b"list": lambda client, key, value: client.rpush(key, *value),
    b"set": lambda client, key, value: client.sadd(key, *value),
    b"zset": lambda client, key, value: client.zadd(key, value),
}
