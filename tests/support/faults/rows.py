"""One row for each fault, with what is promised. Every row has a test that is named after it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    fault: str
    target: str


ROWS = {
    "F01": Promise("Redis is down at sign-up", "201, at most 300 ms slower; email within 30 s of its return"),
    "F02": Promise("Redis is frozen", "as F01; no thread is left over"),
    "F03": Promise("Redis restarts while workers stay up", "pending and delayed tasks run within 30 s"),
    "F04": Promise("Redis loses all data", "the sweeper enqueues the tasks again within 60 s"),
    "F05": Promise("a task fails while Redis is down", "its retry is kept"),
    "F06": Promise("Redis stalls when a task has ended, and the worker dies", "no second email"),
    "F07": Promise("Redis is full (noeviction)", "as F01"),
    "F08": Promise("Redis's disk is full (RLIMIT_FSIZE)", "as F01; continues within 10 s of free space"),
    "F09": Promise("Postgres is down", "503 within 2.5 s, no 500; 2xx within 2 s of its return"),
    "F10": Promise(
        "Postgres restarts under load", "503 or 201, never 500; a repeated key gives the same user"
    ),
    "F11": Promise("Postgres is frozen", "503 within 5.5 s; live stays 200; ready is 503 within 6 s"),
    "F12": Promise("the connection pool is exhausted", "503 within 2.5 s; recovers unaided"),
    "F13": Promise(
        "worker killed before the email is out", "runs again within 30 s before the claim, 50 s after it"
    ),
    "F14": Promise("worker killed after the 250, before the commit", "at most one repeat, same Message-ID"),
    "F15": Promise("worker stopped while it sends", "finishes; exit 0 within 27 s"),
    "F16": Promise("server stopped under load", "running requests are answered; exit 0 within 10 s"),
    "F17": Promise("mail server refuses connections", "sent within 90 s of its return; no attempt counts"),
    "F18": Promise("mail server hangs", "20 s deadline; p95 of another queue below 5 s"),
    "F19": Promise("mail server says 451, or 550", "451 is retried; 550 takes one attempt"),
    "F20": Promise("connection cut after DATA", "retried, one Message-ID"),
    "F21": Promise("unreadable and unknown messages", "archived within 5 s; neighbours run"),
    "F22": Promise("the same task 100 times on 8 threads", "one email"),
    "F23": Promise("three schedulers, one is killed", "each slot once"),
    "F24": Promise("clocks 120 s apart", "no second email; tokens are good within 30 s"),
    "F25": Promise("a backlog of 1,000,000 tasks", "p99 of sign-ups + 20 %; 5,000 tasks/s a process; 1 GiB"),
    "F26": Promise("an operator looks at a backlog", "a page within 300 ms, 32 MiB more memory"),
    "F27": Promise("all slots busy for longer than a lease, 10,000 delayed tasks", "nothing runs twice"),
    "F28": Promise("two replicas migrate at once", "no error"),
    "F29": Promise("an old worker meets a new message", "parked, then run by a new worker"),
    "F30": Promise("the log's disk is full, or its reader is gone", "no 500"),
    "F31": Promise("5 to 250 ms of latency to Redis", "emails within 2 s, without a sweeper"),
    "F32": Promise("idle connections to Redis are dropped", "no publication fails; emails within 6 s"),
    "F34": Promise("a planned fail-over of Sentinel under load", "tasks pause for 1 s"),
    "F35": Promise(
        "a worker is cut off from Postgres alone", "others take over, at most 20 s late; no attempt counts"
    ),
    "F36": Promise("Redis rejects writes (too few replicas)", "readiness names the reason within 6 s"),
    "F37": Promise("two of TERM, INT, TSTP, CONT at any moment of a worker's life", "0 of 100 rounds hang"),
    "F38": Promise(
        "errors without a text, interrupts at any moment", "a failed attempt; none counts as done"
    ),
    "F39": Promise("150 outbox rows that cannot be read or sent", "no email is more than 10 s late"),
    "F40": Promise(
        "Redis's clock a day ahead, then corrected", "pulled back; schedules run again within 60 s"
    ),
}
