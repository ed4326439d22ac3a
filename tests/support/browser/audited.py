"""Actions for the audit page: of Grace, who is an admin, and of an operator at the command line."""

import json

import psycopg

from tests.support.browser.backlog import FAILED, QUEUE

OPERATOR = "cli:deploy@admin-1"
_DONE = {"outcome": "done"}
# The name, the minutes since then, whether Grace did it, the result and the details.
_ACTIONS = (
    ("run", 2, True, "success", {"queue": QUEUE, "tasks": "3", **_DONE, "done": "2", "refused": "1"}),
    ("resume_queue", 3, True, "success", {"queue": QUEUE, "changed": "yes", **_DONE}),
    ("delete", 9, False, "failure", {"queue": QUEUE, "state": "archived", "outcome": "unfinished"}),
    ("reveal_payload", 25, True, "success", {"queue": QUEUE, "tasks": "1", "ids": FAILED, **_DONE}),
    ("pause_queue", 40, False, "success", {"queue": QUEUE, "changed": "no", **_DONE}),
    ("pause_queue", 41, True, "success", {"queue": QUEUE, "changed": "yes", **_DONE}),
    (
        "archive",
        95,
        False,
        "success",
        {
            "queue": QUEUE,
            "state": "retry",
            "name": "email:welcome",
            "error": "(not recorded)",
            "done": "1240",
            "refused": "3",
            "refused_ids": "7 8 9",
            **_DONE,
        },
    ),
    ("quiet_worker", 180, False, "failure", {"worker": "worker-2:34", "outcome": "WORKER_NOT_FOUND"}),
)
_ADD = """
INSERT INTO security_events (occurred_at, name, result, actor_id, address, user_agent, operator, details)
SELECT now() - %(ago)s * interval '1 minute', %(name)s, %(result)s,
       CASE WHEN %(by_user)s THEN id END, CASE WHEN %(by_user)s THEN '192.0.2.7' END,
       CASE WHEN %(by_user)s THEN 'Firefox' END, CASE WHEN NOT %(by_user)s THEN %(operator)s END, %(details)s
FROM users WHERE email = %(email)s
"""


def record_actions(database_url: str, *, email: str) -> None:
    ids = " ".join(f"{FAILED[:-1]}{number}" for number in range(3))
    with psycopg.connect(database_url) as connection:
        for name, ago, by_user, result, details in _ACTIONS:
            given = {"ids": ids} if details.get("tasks") == "3" else {}
            row = {"name": f"tasks.{name}", "ago": ago, "by_user": by_user, "result": result}
            row |= {"operator": OPERATOR, "email": email, "details": json.dumps({**details, **given})}
            connection.execute(_ADD, row)
