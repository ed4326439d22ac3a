"""F01 to F08, F36: Redis is away, frozen, restarted, emptied, or cannot take any more."""

import time
from statistics import median

import redis

from tests.support.faults.disturbances import (
    Fault,
    draining_worker,
    frozen_redis,
    full_redis,
    no_disk_for_redis,
    redis_without_replicas,
    rejected_mail,
    stopped_redis,
)
from tests.support.faults.measurements import Row
from tests.support.faults.rounds import IS_LONG, repeated
from tests.support.faults.site import Site
from tests.support.faults.traffic import seconds, statuses
from tests.support.polling import eventually
from tests.support.refusing_redis import NO_REPLICAS

SIGN_UPS = 30 if IS_LONG else 12
MORE = 0.3  # seconds that a sign-up may take longer
MAILED_WITHIN = 30  # seconds after Redis is back
LOST_WITHIN = 60  # seconds
SAID_WITHIN = 6  # seconds; a server asks Redis once a second


def sign_ups_go_on(site: Site, row: Row, fault: Fault, *, readiness: str) -> None:
    with site.traffic("redis") as traffic:
        usual = traffic.sign_up_many(SIGN_UPS, at_once=2)
        with fault(site):
            answers = traffic.sign_up_many(SIGN_UPS, at_once=2)
            eventually(lambda: site.readiness() == readiness, within=SAID_WITHIN)
        back = time.monotonic()

        verdict = site.oracle.verdict(traffic.answers, within=2 * MAILED_WITHIN)

    row.asked(answers)
    assert statuses(traffic.answers) == {201}
    row.note("sign-up slower by", median(seconds(answers)) - median(seconds(usual)), limit=MORE)
    row.note("last email after its return", verdict.last_at - back, limit=MAILED_WITHIN)


@repeated
def test_f01_sign_ups_go_on_while_redis_is_down(site: Site, row: Row) -> None:
    sign_ups_go_on(site, row, stopped_redis, readiness="degraded")


@repeated
def test_f02_sign_ups_go_on_while_redis_is_frozen(site: Site, row: Row) -> None:
    before = site.server_threads()

    sign_ups_go_on(site, row, frozen_redis, readiness="degraded")

    row.note("threads left over", site.server_threads() - before, unit="")
    assert site.server_threads() <= before + 4  # of the pools, which grow up to their sizes


@repeated
def test_f03_pending_and_delayed_tasks_survive_a_restart_of_redis(site: Site, row: Row) -> None:
    with site.traffic("restart") as traffic:
        with rejected_mail(site):
            traffic.sign_up_many(SIGN_UPS)
            eventually(lambda: site.oracle.under_way("retry") == SIGN_UPS, within=20)
        with draining_worker(site):
            traffic.sign_up_many(SIGN_UPS)
            eventually(lambda: site.oracle.under_way("pending") == SIGN_UPS, within=10)
            with stopped_redis(site):
                row.asked(traffic.sign_up_many(SIGN_UPS))
            back = time.monotonic()
        site.try_again()

        verdict = site.oracle.verdict(traffic.answers, within=2 * MAILED_WITHIN)

    assert statuses(traffic.answers) == {201}
    row.note("all mailed after its return", verdict.last_at - back, limit=MAILED_WITHIN)


def test_f04_what_redis_has_lost_is_made_again(site: Site, row: Row) -> None:
    with site.traffic("lost") as traffic:
        with draining_worker(site):
            traffic.sign_up_many(SIGN_UPS)
            time.sleep(1)  # until the rows say that they were forwarded
            with redis.Redis.from_url(site.redis.url) as client:
                client.flushall()
            flushed = time.monotonic()
            if not IS_LONG:  # a sweeper looks after 30 s
                site.execute("UPDATE outbox SET next_try_at = now() WHERE closed_at IS NULL")
        row.asked(traffic.sign_up_many(SIGN_UPS))

        verdict = site.oracle.verdict(traffic.answers, within=2 * LOST_WITHIN)

    assert statuses(traffic.answers) == {201}
    row.note("all mailed after the loss", verdict.last_at - flushed, limit=LOST_WITHIN)


@repeated
def test_f05_a_task_that_fails_while_redis_is_down_is_tried_again(site: Site, row: Row) -> None:
    site.sink.accepts_after, site.sink.data_reply = 1.0, "451 try again later"
    with site.traffic("fails") as traffic:
        handed_over = len(site.sink.handed_over)
        traffic.sign_up_many(5, at_once=5)
        eventually(lambda: len(site.sink.handed_over) == handed_over + 5, within=10)
        with stopped_redis(site):
            row.asked(traffic.sign_up_many(5))
            time.sleep(1)  # all attempts have failed
        site.sink.accept_all()
        eventually(lambda: site.oracle.under_way("retry") == 5, within=20)
        site.try_again()

        verdict = site.oracle.verdict(traffic.answers, within=60)

    assert statuses(traffic.answers) == {201}
    row.note("repeats", verdict.repeats, unit="", limit=0)


@repeated
def test_f06_no_second_mail_when_redis_stalls_at_the_end_of_a_task(site: Site, row: Row) -> None:
    site.sink.accepts_after = 0.7
    with site.traffic("stalls") as traffic:
        mails, handed_over = len(site.sink.arrivals), len(site.sink.handed_over)
        traffic.sign_up_many(5, at_once=5)
        eventually(lambda: len(site.sink.handed_over) == handed_over + 5, within=10)
        with frozen_redis(site):
            eventually(lambda: len(site.sink.arrivals) == mails + 5, within=10)
            row.asked(traffic.sign_up_many(3))
            time.sleep(1)  # until Postgres has all five as sent
            site.kill_worker()
        site.worker = site.start_worker()

        verdict = site.oracle.verdict(traffic.answers, within=60)

    assert statuses(traffic.answers) == {201}
    row.note("repeats", verdict.repeats, unit="", limit=0)


@repeated
def test_f07_sign_ups_go_on_while_redis_is_full(site: Site, row: Row) -> None:
    sign_ups_go_on(site, row, full_redis, readiness="ok")

    assert "outbox.left_to_sweeper" in site.system.log("cmd.server")


@repeated
def test_f08_sign_ups_go_on_while_redis_has_no_disk(site: Site, row: Row) -> None:
    sign_ups_go_on(site, row, no_disk_for_redis, readiness="degraded")


@repeated
def test_f36_readiness_names_the_reason_for_which_redis_takes_no_writes(site: Site, row: Row) -> None:
    with site.traffic("refused") as traffic:
        with redis_without_replicas(site):
            began = time.monotonic()
            eventually(lambda: site.reasons() == {"redis": NO_REPLICAS}, within=20)
            row.note("readiness reports it after", time.monotonic() - began, limit=6)
            answers = traffic.sign_up_many(SIGN_UPS, at_once=2)
        back = time.monotonic()

        verdict = site.oracle.verdict(traffic.answers, within=2 * MAILED_WITHIN)

    row.asked(answers)
    assert statuses(answers) == {201}
    row.note("last email after it accepts writes", verdict.last_at - back, limit=MAILED_WITHIN)
