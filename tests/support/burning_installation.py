"""An installation of fakes on a bad day: a queue is paused, one task name fails, and a worker is busy."""

from datetime import timedelta

from internal.ports.task_snapshots import Attempt, Failure, RunningTask, TaskInfo, WorkerInfo
from internal.ports.task_statistics import Figures
from internal.ports.tasks import TaskState
from tests.fakes.clock import NOON, FakeClock
from tests.support.operator_terminal import PAYLOAD, FakeInstallation, a_task

REFUSED = Failure(
    fingerprint="3f2a90c41b7e",
    task_name="email:welcome",
    error_type="SMTPConnectError",
    frame="internal/infrastructure/email/smtp_sender.py in SmtpSender.send",
)
INVALID = Failure(fingerprint="8d11c0ffee42", task_name="report:nightly", error_type="ValueError", frame="")
HOUR = timedelta(hours=1)
TRACEBACK = """\
Traceback (most recent call last):
  File "internal/infrastructure/email/smtp_sender.py", line 71, in send
    await connection.connect()
SMTPConnectError: connection refused for ada@example.com
"""
WORKER = WorkerInfo(
    id="w-1",
    host="worker-1",
    pid=4711,
    started_at=NOON - timedelta(hours=5),
    heard_at=NOON - timedelta(seconds=2),
    concurrency=10,
    queues={"critical": 6, "default": 3},
    is_strict=False,
    is_draining=False,
    running=[
        RunningTask(
            id=f"running-{number}",
            queue="default",
            name="email:welcome",
            started_at=NOON - timedelta(seconds=4 * number + 1),
            deadline=None,
        )
        for number in range(3)
    ],
)
QUIET = WorkerInfo(
    id="w-2",
    host="worker-2",
    pid=812,
    started_at=NOON - timedelta(minutes=9),
    heard_at=NOON - timedelta(seconds=4),
    concurrency=10,
    queues={"critical": 6, "default": 3, "low": 1},
    is_strict=False,
    is_draining=False,
    running=[],
    is_quiet=True,
)


async def burning_installation() -> FakeInstallation:
    """Its clock shows noon."""
    installation = FakeInstallation(clock=FakeClock(NOON - HOUR), is_interactive=True)
    for minute in range(60):
        _count_attempts(installation, minute)
        if minute == 56:
            _add_waiting(installation)
        installation.clock.advance(timedelta(minutes=1))
    _add_failed(installation)
    installation.inspector.add_worker(WORKER)
    installation.inspector.add_worker(QUIET)
    await installation.inspector.pause("low")
    return installation


def _count_attempts(installation: FakeInstallation, minute: int) -> None:
    """Sending fails more and more often from the half hour on."""
    failed = max(0, minute - 30) * 3 // 2
    figures = {
        ("default", "email:welcome"): Figures(succeeded=60 + minute % 9 * 4 - failed, retried=failed),
        ("critical", "email:password-reset"): Figures(succeeded=5 + minute % 3),
        ("low", "report:nightly"): Figures(succeeded=2, archived=int(minute == 40)),
    }
    for (queue, name), counted in figures.items():
        installation.inspector.count_attempt(
            queue,
            name,
            counted,
            waited=timedelta(milliseconds=40 + 90 * failed),
            ran=timedelta(milliseconds=180 + 60 * failed),
        )


def _add_waiting(installation: FakeInstallation) -> None:
    inspector = installation.inspector
    inspector.add_queue("critical")
    inspector.add(*(a_task(f"report-{number}", queue="low", name="report:nightly") for number in range(12)))
    inspector.add(*(a_task(f"waiting-{number}") for number in range(38)))
    inspector.add(
        *(
            a_task(running.id, TaskState.ACTIVE, started_at=running.started_at, worker=WORKER.id)
            for running in WORKER.running
        )
    )


def _add_failed(installation: FakeInstallation) -> None:
    inspector = installation.inspector
    inspector.add(
        a_task(
            "report-77",
            TaskState.ARCHIVED,
            name="report:nightly",
            failure=INVALID,
            last_failed_at=NOON - timedelta(hours=3),
            last_error="ValueError: month must be in 1..12",
        )
    )
    inspector.add(*(_refused(number) for number in range(45)))
    inspector.count("default", NOON.date(), processed=9_871, failed=1_240)
    inspector.count("critical", NOON.date(), processed=312, failed=0)
    inspector.count("low", NOON.date(), processed=41, failed=1)


def _refused(number: int) -> TaskInfo:
    is_archived = number % 3 == 0
    failed_at = NOON - timedelta(minutes=50 - number)
    return a_task(
        f"welcome-{number}",
        TaskState.ARCHIVED if is_archived else TaskState.RETRY,
        due=None if is_archived else NOON + timedelta(minutes=number),
        retries=number % 7,
        failure=REFUSED,
        last_failed_at=failed_at,
        last_error="SMTPConnectError: connection refused for ada@example.com",
        traceback=TRACEBACK,
        history=[Attempt(at=failed_at, retries=number % 7, error="SMTPConnectError: connection refused")],
        headers={"request_id": "5f0c"},
        payload=PAYLOAD,
    )
