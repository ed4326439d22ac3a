"""The conditions that an operator finds a system in."""

from dataclasses import replace
from enum import StrEnum
from functools import partial
from uuid import uuid4

import redis

from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.tasks import TaskState
from tests.support.browser.audited import record_actions
from tests.support.browser.backlog import HEADERS, PAYLOAD
from tests.support.browser.burning import REJECTED, burn
from tests.support.browser.past import remember
from tests.support.browser.site import Site
from tests.support.polling import eventually
from tests.support.system import PASSWORD
from tests.support.taskqueue.desk import HOUR, Desk
from tests.support.taskqueue.engine import PREFIX, Engine

# An admin.
GRACE = "grace@example.com"
_MINUTE = 60_000  # milliseconds


class Condition(StrEnum):
    """EMPTY: no task has run yet. BURNING: emails fail, and a queue is paused."""

    EMPTY = "empty"
    NORMAL = "normal"
    BURNING = "burning"


def bring_into(site: Site, condition: Condition) -> None:
    """Do this before anybody looks at the dashboard: the server keeps the figures of times that are over."""
    _create_admin(site)
    url = site.system.env["REDIS_URL"]
    with redis.Redis.from_url(url) as client:
        desk = Desk(Engine(url, client))
        match condition:
            case Condition.EMPTY:
                eventually(partial(_pause_the_task_of_every_minute, desk), within=30)
            case Condition.NORMAL:
                remember(url, is_failing=False)
                burn(url, replace(REJECTED, count=2))
                _complete_some(desk)
                _schedule_some(desk)
            case Condition.BURNING:
                remember(url, is_failing=True)
                desk.engine.call(scripts.PAUSE, ("low", 1, 0))
                burn(url)
                _let_some_wait(desk)
                _schedule_some(desk)
    if condition is not Condition.EMPTY:
        record_actions(site.system.env["DATABASE_URL"], email=GRACE)


def _create_admin(site: Site) -> None:
    """In contrast to a sign-up, this sends no email."""
    created = site.system.run("cmd.admin", "user", "create-admin", GRACE, stdin=PASSWORD)
    assert created.returncode == 0, created.stderr


def _pause_the_task_of_every_minute(desk: Desk) -> bool:
    """False: the worker has not announced it yet."""
    return bool(desk.engine.call(scripts.PAUSE_SCHEDULE, ("requests-purge", 1)) == 1)


def _complete_some(desk: Desk) -> None:
    """The worker runs them at once, and keeps them. They send nothing, because there is no such account."""
    for _ in range(12):
        desk.add(
            str(uuid4()),
            name="email:welcome",
            payload=PAYLOAD,
            options={"retention": 24 * HOUR, "headers": HEADERS},
        )


def _let_some_wait(desk: Desk) -> None:
    for _ in range(12):
        task_id = str(uuid4())
        desk.add(task_id, queue="low", name="accounts:erase-traces", age=38 * _MINUTE)
        # The score is the ms in which it joined, times 1024.
        desk.engine.client.zincrby(f"{PREFIX}:low:pending", -38 * _MINUTE * 1024, task_id)


def _schedule_some(desk: Desk) -> None:
    """For each of the next minutes, and for tomorrow."""
    for minute in [*range(1, 16), 24 * 60]:
        for _ in range(4 + minute * 5 % 9):
            desk.add(
                str(uuid4()),
                TaskState.SCHEDULED,
                queue="low",
                name="email:welcome",
                payload=PAYLOAD,
                wait=minute * _MINUTE,
            )
