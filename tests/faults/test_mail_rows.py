"""F17 to F20: the mail server refuses, hangs, says no, or is cut off."""

import time

import pytest
from dramatiq import Message

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.support.faults.disturbances import refused_mail
from tests.support.faults.measurements import Row
from tests.support.faults.rounds import IS_LONG, repeated
from tests.support.faults.site import Site
from tests.support.faults.traffic import emails, statuses
from tests.support.polling import eventually
from tests.support.queue_contents import queued

SIGN_UPS = 50 if IS_LONG else 8
OUTAGE = 600 if IS_LONG else 2  # seconds
QUIET_WITHIN = 200  # seconds


@pytest.mark.timeout(OUTAGE + QUIET_WITHIN + 120)
def test_f17_a_mail_server_that_refuses_costs_no_attempt(site: Site, row: Row) -> None:
    with site.traffic("refused") as traffic:
        with refused_mail(site):
            row.asked(traffic.sign_up_many(SIGN_UPS))
            time.sleep(OUTAGE)
            eventually(lambda: site.oracle.under_way("scheduled") == SIGN_UPS, within=10)
            waiting = queued(site.redis.url)
        back = time.monotonic()
        site.try_again()

        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    assert statuses(traffic.answers) == {201}
    assert not any(task.message.options.get("retries") for task in waiting)
    row.note("all mailed after its return", max(0.0, verdict.last_at - back), limit=90)


def test_f18_a_tarpit_does_not_hold_up_another_queue(site: Site, row: Row) -> None:
    broker = RedisBroker(url=site.redis.url, middleware=[])
    broker.declare_queue("critical")
    before = len(site.journal.entries("start"))
    with site.traffic("tarpit") as traffic:
        attempts = site.sink.attempts.total()
        site.sink.replies["tarpit-"] = None
        row.asked(traffic.sign_up_many(20, at_once=8))
        eventually(lambda: site.sink.attempts.total() > attempts, within=10)
        sent = time.monotonic()
        for number in range(20):
            broker.enqueue(Message[None]("critical", "work", (), {"key": f"flows-{number}"}, {}))
        eventually(lambda: len(site.journal.entries("start")) == before + 20, within=60)
        started = sorted(entry.at - sent for entry in site.journal.entries("start")[before:])
        site.sink.replies.clear()
        site.restart_worker(WORKER_SHUTDOWN_TIMEOUT="1")  # what hangs is not waited for
        site.try_again()

        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    broker.close()
    row.note("p95 of another queue", started[int(len(started) * 0.95) - 1], limit=5)
    row.note("repeats", verdict.repeats, unit="", limit=0)


def test_f19_a_451_is_tried_again_and_a_550_is_not(site: Site, row: Row) -> None:
    with site.traffic("later") as later, site.traffic("never") as never:
        site.sink.replies |= {"later-": "451 try again later", "never-": "550 no such user"}
        row.asked([*later.sign_up_many(5), *never.sign_up_many(5)])
        eventually(lambda: site.oracle.under_way("retry") == 5, within=20)
        eventually(lambda: site.oracle.under_way("archived") == 5, within=20)
        del site.sink.replies["later-"]
        site.try_again()

        answers = [*later.answers, *never.answers]
        site.oracle.verdict(answers, within=QUIET_WITHIN, refused=emails(never.answers))

    site.admin("task", "delete-all", "-q", "default", "-s", "archived", "--yes")
    assert {site.sink.attempts[email] for email in emails(later.answers)} == {2}
    attempts = max(site.sink.attempts[email] for email in emails(never.answers))
    row.note("attempts of a 550", attempts, unit="", limit=1)


@repeated
def test_f20_a_mail_that_is_cut_off_is_the_same_mail_the_next_time(site: Site, row: Row) -> None:
    site.sink.accepts_after = 0.5
    with site.traffic("cut") as traffic:
        handed_over, accepted = len(site.sink.handed_over), len(site.sink.arrivals)
        row.asked(traffic.sign_up_many(4, at_once=4))
        eventually(lambda: len(site.sink.handed_over) == handed_over + 4, within=10)
        site.mail.is_deaf = True
        eventually(lambda: len(site.sink.arrivals) == accepted + 4, within=10)
        site.mail.cut()  # all of them were accepted, and nobody has heard of it
        site.mail.heal()
        eventually(lambda: site.oracle.under_way("active", "pending") == 0, within=10)
        site.sink.accept_all()
        site.try_again()

        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN, most_repeats=4)

    row.note("repeats, same Message-ID", verdict.repeats, unit="", limit=4)
