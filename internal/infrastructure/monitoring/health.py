"""Is it healthy? Each problem is one sentence, with a link to where it is fixed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from internal.infrastructure import humanize
from internal.infrastructure.monitoring.snapshot import Snapshot
from internal.ports.task_snapshots import QueueInfo, WorkerInfo
from internal.ports.task_statistics import Counts, TaskStatistics
from internal.ports.tasks import TaskState

LONG_WAIT = timedelta(minutes=1)
# The outbox relay forwards what a broken connection left behind within this time.
LONG_IN_OUTBOX = timedelta(seconds=30)
MANY_FAILURES = 0.1
# Fewer failures may be chance, whatever their share.
FEWEST_FAILURES = 5
# Sentences about failing tasks.
MOST_NAMES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`subject` is the name at the beginning of the sentence. A minor problem may be intended."""

    subject: str
    text: str
    link: str
    link_text: str
    is_minor: bool = False


def problems_of(snapshot: Snapshot, hour: TaskStatistics | None) -> Sequence[Problem]:
    """The problems, the worst first. `hour` is what tasks did in the last hour, if that is known."""
    found = [
        *_services(snapshot),
        *_workers(snapshot),
        *(_failures(hour) if hour else ()),
        *_queues(snapshot),
        *_outbox(snapshot),
    ]
    return sorted(found, key=lambda problem: problem.is_minor)


def _services(snapshot: Snapshot) -> Iterator[Problem]:
    if snapshot.queues is None:
        yield _service("Redis", "does not answer. Sign-ups still work; tasks wait in the outbox.")
    if snapshot.outbox is None:
        yield _service("Postgres", "does not answer. Nobody can log in or sign up.")


def _service(name: str, text: str) -> Problem:
    return Problem(subject=name, text=text, link="/dashboard/services", link_text="Look at the services")


def _workers(snapshot: Snapshot) -> Iterator[Problem]:
    if snapshot.workers == [] and snapshot.queues is not None:
        waiting = snapshot.count(TaskState.PENDING, TaskState.SCHEDULED, TaskState.RETRY)
        text = f"is running; {_wait(waiting)}"
        yield Problem(
            subject="No worker",
            text=text,
            link="/dashboard/workers",
            link_text="How to start one",
            is_minor=not waiting,
        )
    for worker in snapshot.workers or ():
        if worker.waits_for:
            yield Problem(
                subject=worker.id,
                text=f"takes no tasks: it waits for {worker.waits_for}.",
                link="/dashboard/workers",
                link_text="See the workers",
            )


def is_failing(counts: Counts) -> bool:
    share = humanize.error_rate(processed=counts.succeeded, failed=counts.failed)
    return share is not None and share >= MANY_FAILURES and counts.failed >= FEWEST_FAILURES


def _failures(hour: TaskStatistics) -> Iterator[Problem]:
    failing = sorted(
        (task for task in hour.tasks if is_failing(task.figures)),
        key=lambda task: task.figures.failed,
        reverse=True,
    )
    for task in failing[:MOST_NAMES]:
        counts = task.figures
        share = humanize.percent(counts.failed / counts.ended)
        attempts = humanize.counted(counts.ended, "attempt")
        text = f"fails in {task.queue}: {share} of {attempts} in the last hour."
        yield _failure(task.name, text, query=f"?task={quote(task.name, safe='')}")
    others = len(failing) - MOST_NAMES
    if others > 0:
        yield _failure(f"{others} more", "task name fails." if others == 1 else "task names fail.")


def _failure(subject: str, text: str, *, query: str = "") -> Problem:
    link = f"/dashboard/failures{query}"
    return Problem(subject=subject, text=text, link=link, link_text="Find out why")


def _queues(snapshot: Snapshot) -> Iterator[Problem]:
    for queue in snapshot.queues or ():
        waiting = _waiting(queue, snapshot.workers or ())
        if waiting:
            yield waiting


def _waiting(queue: QueueInfo, workers: Sequence[WorkerInfo]) -> Problem | None:
    """Why the tasks of the queue wait, if they wait for too long."""
    pending = queue.sizes.get(TaskState.PENDING, 0)
    wait = _wait(pending)
    if queue.is_paused:
        subject, text, link_text = queue.name, f"is paused; {wait}", "Resume it"
    elif pending and workers and not _is_served(queue, workers):
        subject, text, link_text = "No worker", f"serves {queue.name}; {wait}", "Open the queue"
    elif queue.latency >= LONG_WAIT:
        age = humanize.duration(queue.latency)
        subject, text, link_text = queue.name, f"has a task that has waited for {age}.", "See what waits"
    else:
        return None
    return Problem(
        subject=subject, text=text, link=_link(queue), link_text=link_text, is_minor=queue.is_paused
    )


def _wait(number: int) -> str:
    return humanize.counted(number, "task waits.", "tasks wait.")


def _link(queue: QueueInfo) -> str:
    return f"/dashboard/queues/{quote(queue.name, safe='')}"


def _is_served(queue: QueueInfo, workers: Sequence[WorkerInfo]) -> bool:
    return any(queue.name in worker.queues and not worker.is_draining for worker in workers)


def _outbox(snapshot: Snapshot) -> Iterator[Problem]:
    stats = snapshot.outbox
    if stats and stats.oldest_waiting and stats.oldest_waiting >= LONG_IN_OUTBOX:
        number, _, wait = humanize.counted(stats.waiting, "outbox row waits", "outbox rows wait").partition(
            " "
        )
        age = humanize.duration(stats.oldest_waiting)
        yield Problem(
            subject=number,
            text=f"{wait} to be enqueued, the oldest for {age}.",
            link="/dashboard/outbox",
            link_text="Open the outbox",
        )
