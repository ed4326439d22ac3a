"""Tasks for the pages of the dashboard. No worker takes them: they are due in some hours."""

import time

import msgspec
import redis

from internal.ports.tasks import TaskState
from tests.support.taskqueue.desk import HOUR, Desk
from tests.support.taskqueue.engine import PREFIX, Engine

QUEUE = "low"
FAILED = "0199f2c1-7a3e-7cc2-b0d1-5f3a9be1c7d0"
_ERROR = "MailServerUnreachable: could not connect to mx.internal:587 (timed out)"
PAYLOAD = {"user_id": "e93ad238-1f7d-4f21-897f-7ec0d8fb3744", "email": "grace@example.com", "name": "Grace"}
HEADERS = {"request_id": "e5c6a04a-1c2a-4cde-9abc-0123456789ab"}


def fill(redis_url: str) -> None:
    """Three tasks have failed and wait for a retry; three are scheduled."""
    with redis.Redis.from_url(redis_url) as client:
        desk = Desk(Engine(redis_url, client))
        for number in range(6):
            task_id = f"{FAILED[:-1]}{number}"
            desk.add(
                task_id,
                TaskState.SCHEDULED,
                queue=QUEUE,
                name="email:welcome",
                payload=PAYLOAD,
                options={"headers": HEADERS},
                wait=HOUR * (number + 2),
            )
            if number < 3:
                _fail(client, task_id)


def fill_up(redis_url: str, count: int) -> None:
    """Many scheduled tasks more."""
    with redis.Redis.from_url(redis_url) as client:
        ids = (f"{number:06}" for number in range(count))
        Engine(redis_url, client).publish(*ids, queue=QUEUE, delay=HOUR)


def _fail(client: redis.Redis, task_id: str) -> None:
    """As a worker leaves a scheduled task of which an attempt has failed."""
    queue = f"{PREFIX}:{QUEUE}"
    now = int(time.time() * 1000)
    note = msgspec.json.encode({"retries": 0, "error": _ERROR})
    client.hset(f"{queue}:task:{task_id}", f"attempt:{now}", note)
    client.zrem(f"{queue}:scheduled", task_id)
    client.zadd(f"{queue}:retry", {task_id: now + HOUR})
