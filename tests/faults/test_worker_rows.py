"""F13 to F15, F21, F22, F24, F27 and F29: workers that die, stop, disagree about the time or the version."""

import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
from dramatiq import Message

from benchmarks.engine import Engine
from benchmarks.tasks import Noop
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.config.settings import Environment, Settings
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.tasks import RetryLater, TaskContext, TaskOptions
from tests.support.faults.clocked_redis import SKEWED
from tests.support.faults.disturbances import draining_worker
from tests.support.faults.measurements import Row
from tests.support.faults.rounds import IS_LONG, repeated
from tests.support.faults.site import NOOPS, Site
from tests.support.faults.traffic import Traffic, statuses
from tests.support.polling import eventually

QUIET_WITHIN = 120  # seconds
DELAYED = 10_000
# Postgres would run the statement of somebody who has died once it gets its lock.
END_WHAT_WAITS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def lapse_claims(site: Site) -> None:
    """Lapse the claims of a dead worker; in the long round they lapse on time, 25 s after its death."""
    if not IS_LONG:
        site.execute("UPDATE outbox SET claimed_until = now() WHERE completed_at IS NULL")


def handed_over(site: Site, traffic: Traffic, count: int) -> None:
    """Sign up this number of people, and wait until the mail server has their emails or has seen them."""
    before = site.sink.attempts.total()
    traffic.sign_up_many(count, at_once=count)
    eventually(lambda: site.sink.attempts.total() >= before + count, within=10)


@repeated
def test_f13_a_worker_that_is_killed_before_the_claim(site: Site, row: Row) -> None:
    with site.traffic("unclaimed") as traffic:
        with draining_worker(site):
            traffic.sign_up_many(3)
            time.sleep(0.5)  # until the rows say that they were forwarded
            with site.locked("outbox"):
                site.worker.send_signal(signal.SIGCONT)
                eventually(lambda: site.oracle.under_way("active") == 3, within=10)
                site.kill_worker()
                site.execute(END_WHAT_WAITS)
        killed = time.monotonic()
        site.worker = site.start_worker()

        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    row.asked(traffic.answers)
    row.note("mailed after the kill", max(0.0, verdict.last_at - killed), limit=30)
    row.note("repeats", verdict.repeats, unit="", limit=0)


@repeated
def test_f13_a_worker_that_is_killed_after_the_claim(site: Site, row: Row) -> None:
    site.sink.hangs_at = "RCPT"
    with site.traffic("claimed") as traffic:
        traffic.sign_up_many(3)
        eventually(lambda: site.oracle.under_way("active") == 3, within=10)
        time.sleep(0.3)
        site.kill_worker()
        killed = time.monotonic()
        site.sink.accept_all()
        lapse_claims(site)
        site.worker = site.start_worker()

        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    row.asked(traffic.answers)
    row.note("mailed after the kill, claimed", verdict.last_at - killed, limit=50)
    row.note("repeats", verdict.repeats, unit="", limit=0)


@repeated
def test_f14_a_worker_that_is_killed_between_the_250_and_the_commit(site: Site, row: Row) -> None:
    site.sink.accepts_after = 0.5
    mails = len(site.sink.arrivals)
    with site.traffic("window") as traffic:
        handed_over(site, traffic, 1)
        with site.locked("outbox"):
            eventually(lambda: len(site.sink.arrivals) == mails + 1, within=10)
            site.kill_worker()
            site.execute(END_WHAT_WAITS)
        lapse_claims(site)
        site.worker = site.start_worker()

        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN, most_repeats=1)

    row.asked(traffic.answers)
    row.note("repeats, same Message-ID", verdict.repeats, unit="", limit=1)


@repeated
def test_f15_a_worker_that_is_told_to_stop_while_it_sends(site: Site, row: Row) -> None:
    site.sink.accepts_after = 1.0
    with site.traffic("stopped") as traffic:
        handed_over(site, traffic, 5)
        site.worker.send_signal(signal.SIGTERM)
        told = time.monotonic()
        code = site.worker.wait(60)
        row.note("exit after", time.monotonic() - told, limit=27)
        site.oracle.verdict(traffic.answers, within=1)
        row.asked(traffic.sign_up_many(3))
        site.worker = site.start_worker()

        site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    assert code == 0


def test_f21_what_cannot_be_read_strands_nobody(site: Site, row: Row) -> None:
    broker = RedisBroker(url=site.redis.url, middleware=[])
    broker.declare_queue("default")
    with site.traffic("poison") as traffic:
        began = time.monotonic()
        for number, data in enumerate((b"no JSON", b"\xff", b"[]")):
            broker.call(scripts.PUBLISH, [("default", f"broken-{number}", scripts.text(data), 0, -1, {})])
        broker.enqueue(Message[None]("default", SendWelcomeEmail.task_name, (), {"wrong": 1}, {}))
        broker.enqueue(Message[None]("default", "of a newer version", (), {}, {}))
        traffic.sign_up_many(10)
        eventually(lambda: site.oracle.under_way("archived") == 4, within=25)
        row.note("archived after", time.monotonic() - began, limit=5)
        eventually(
            lambda: site.oracle.under_way("scheduled") == 1, within=10
        )  # a worker that knows it will come
        site.admin("task", "delete-all", "-q", "default", "-s", "scheduled", "--yes")
        site.admin("task", "delete-all", "-q", "default", "-s", "archived", "--yes")

        site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    broker.close()
    row.asked(traffic.answers)


def test_f22_a_task_that_is_delivered_100_times_on_8_threads_is_one_mail(site: Site, row: Row) -> None:
    with site.traffic("many-times") as traffic:
        with draining_worker(site):
            traffic.sign_up()
            task_id, task = _only_task(site)
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda _: _deliver(site, task_id, task, times=13), range(8)))

        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    row.asked(traffic.answers)
    row.note("repeats", verdict.repeats, unit="", limit=0)


def _only_task(site: Site) -> tuple[str, SendWelcomeEmail]:
    with psycopg.connect(site.postgres.url) as connection:
        [(task_id, payload)] = connection.execute("SELECT id, payload FROM outbox WHERE closed_at IS NULL")
    user_id = UUID(payload["user_id"])
    return task_id, SendWelcomeEmail(user_id=user_id)


def _deliver(site: Site, task_id: str, task: SendWelcomeEmail, *, times: int) -> None:
    asyncio.run(_deliver_on_a_loop(site, task_id, task, times=times))


async def _deliver_on_a_loop(site: Site, task_id: str, task: SendWelcomeEmail, *, times: int) -> None:
    settings = Settings(
        app_env=Environment.TEST,
        database_url=site.postgres.url,
        redis_url=site.redis.url,
        mail_url=site.mail.url,
    )
    container = Container(settings=settings)
    context = TaskContext(id=task_id, queue="default", retries=0, max_retries=1, deadline=None, headers={})
    for _ in range(times):
        with suppress(RetryLater):  # another thread is at it
            await container.tasks.send_welcome_email_handler()(task, context)
    await container.database.engine().dispose()


def test_f24_clocks_that_are_apart_double_nothing(site: Site, row: Row) -> None:
    path = os.pathsep.join([str(SKEWED), str(Path.cwd())])
    others = [site.start_worker(PYTHONPATH=path, CLOCK_AHEAD=str(ahead)) for ahead in (120, -120)]
    with site.traffic("clocks") as traffic:
        site.sink.accepts_after = 0.2
        traffic.sign_up_many(40, at_once=8)

        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    for worker in others:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    row.asked(traffic.answers)
    row.note("repeats", verdict.repeats, unit="", limit=0)


def test_f27_a_busy_worker_is_not_taken_for_dead(site: Site, row: Row) -> None:
    site.restart_worker(MAIL_CONCURRENCY="10")  # all slots
    tomorrow = TaskOptions(delay=timedelta(days=1))
    with closing(Engine(site.redis.url)) as engine:
        for _ in range(DELAYED // 500):
            engine.publish_all([(Noop(), tomorrow)] * 500)  # type: ignore[list-item]  # a publication may have options
    site.sink.accepts_after = 35.0 if IS_LONG else 4.5  # more than two leases
    with site.traffic("busy") as traffic:
        handed_over(site, traffic, 10)
        row.asked(traffic.sign_up_many(10))
        eventually(lambda: site.oracle.under_way("active", "pending") == 0, within=QUIET_WITHIN)
        site.admin("task", "delete-all", "-q", "default", "-s", "scheduled", "--yes")

        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    row.note("repeats", verdict.repeats, unit="", limit=0)


def test_f29_a_message_that_an_old_worker_does_not_know_is_run_by_a_new_one(site: Site, row: Row) -> None:
    broker = RedisBroker(url=site.redis.url, middleware=[])
    broker.declare_queue("default")
    site.restart_worker(NOOPS)  # the older version
    with site.traffic("versions") as traffic:
        broker.enqueue(Message[None]("default", "work", (), {"key": "of the newer version"}, {}))
        row.asked(traffic.sign_up_many(5))
        eventually(lambda: site.oracle.under_way("scheduled") == 1, within=10)
        site.restart_worker()
        site.try_again()

        site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    broker.close()
    assert site.journal.keys("end").count("of the newer version") == 1
    assert statuses(traffic.answers) == {201}
