"""Failed tasks in groups, as a mail server that is down leaves them. None is due for an hour."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

import redis

from internal.infrastructure.taskqueue.protocol.attempt_note import AttemptNote, encode_note
from internal.infrastructure.taskqueue.protocol.failure_mark import FailureMark, encode_mark, mark_of
from internal.ports.tasks import TaskState
from tests.support.browser.backlog import HEADERS, PAYLOAD
from tests.support.taskqueue.desk import HOUR, Desk
from tests.support.taskqueue.engine import PREFIX, Engine

_MINUTE = 60_000
_CANNOT_CONNECT = "MailServerUnreachable: could not connect to mx.internal:587 (timed out)"
_TRACEBACK = """Traceback (most recent call last):
  File "/usr/local/lib/python3.11/asyncio/tasks.py", line 520, in wait_for
    return await fut
  File "/app/internal/application/tasks/send_welcome_email.py", line 41, in __call__
    await self._send(message, key=payload.id)
  File "/app/internal/application/tasks/send_email_once.py", line 58, in __call__
    await self._sender.send(email)
  File "/app/{file}", line 88, in {function}
    {source}
  File "/usr/local/lib/python3.11/site-packages/aiosmtplib/client.py", line 427, in connect
    raise SMTPConnectTimeoutError(f"Timed out connecting to {{self.hostname}} on port {{self.port}}")
{error}
"""


@dataclass(frozen=True, slots=True)
class Fire:
    """Tasks that fail alike. They have failed one by one, `every` ms, until now, after `runs` ms."""

    name: str
    queue: str
    error: str
    file: str
    function: str
    source: str
    state: TaskState
    count: int
    every: int
    attempts: int
    runs: int

    @property
    def mark(self) -> FailureMark:
        kind = self.error.partition(":")[0]
        return mark_of(self.name, kind, f"{self.file} in {self.function}")

    @property
    def traceback(self) -> str:
        return _TRACEBACK.format(
            file=self.file, function=self.function.rpartition(".")[2], source=self.source, error=self.error
        )


MAILS = Fire(
    name="email:welcome",
    queue="default",
    error=_CANNOT_CONNECT,
    file="internal/infrastructure/email/smtp_sender.py",
    function="SmtpSender.send",
    source="async with self._connection() as connection:",
    state=TaskState.RETRY,
    count=184,
    every=_MINUTE // 10,
    attempts=3,
    runs=10_004,
)
REJECTED = Fire(
    name="email:welcome",
    queue="default",
    error="EmailRejected: 550 5.1.1 <ada@example.com> mailbox unavailable",
    file="internal/infrastructure/email/smtp_sender.py",
    function="SmtpSender._deliver",
    source="raise EmailRejected(str(error)) from error",
    state=TaskState.ARCHIVED,
    count=17,
    every=50 * _MINUTE,
    attempts=1,
    runs=212,
)
FIRES = (
    MAILS,
    replace(MAILS, name="email:verification", count=61, every=_MINUTE // 3),
    replace(MAILS, name="email:password-reset", queue="critical", count=22, every=_MINUTE),
    REJECTED,
    Fire(
        name="outbox:purge",
        queue="low",
        error="KeyError: '2026-11'",
        file="internal/application/tasks/purge_outbox.py",
        function="PurgeOutbox.__call__",
        source='kept = self._months["2026-11"]',
        state=TaskState.ARCHIVED,
        count=2,
        every=600 * _MINUTE,
        attempts=1,
        runs=6,
    ),
)


def burn(redis_url: str, *fires: Fire) -> None:
    """Add new tasks. After an action on those of an earlier call, no group has both."""
    with redis.Redis.from_url(redis_url) as client:
        desk = Desk(Engine(redis_url, client))
        for fire in fires or FIRES:
            for number in range(fire.count):
                _fail(desk, fire, number)


def _fail(desk: Desk, fire: Fire, number: int) -> None:
    """As a worker leaves a scheduled task whose attempts have failed."""
    client, queue = desk.engine.client, f"{PREFIX}:{fire.queue}"
    task_id = str(uuid4())
    ago = number * fire.every + fire.every // 2
    failed_at = int(time.time() * 1000) - ago
    desk.add(
        task_id,
        TaskState.SCHEDULED,
        queue=fire.queue,
        name=fire.name,
        payload=PAYLOAD,
        age=ago + 5 * _MINUTE,
        options={"traceback": fire.traceback, "retries": fire.attempts - 1, "headers": HEADERS},
    )
    record = _record(fire, failed_at)
    client.hset(f"{queue}:task:{task_id}", mapping=record)  # type: ignore[arg-type]  # its dict is invariant
    client.zrem(f"{queue}:scheduled", task_id)
    due = failed_at + 2 * HOUR if fire.state is TaskState.RETRY else failed_at
    client.zadd(f"{queue}:{fire.state}", {task_id: due})


def _record(fire: Fire, failed_at: int) -> Mapping[str, str | bytes]:
    record: dict[str, str | bytes] = {"failure": encode_mark(fire.mark), "failed_at": str(failed_at)}
    for retries, before in enumerate((4 * _MINUTE, _MINUTE, 0)[-fire.attempts :]):
        note = AttemptNote(fire.error, retries=retries, worker="worker-1:17", ms=fire.runs)
        record[f"attempt:{failed_at - before}"] = encode_note(note)
    return record
