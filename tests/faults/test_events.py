"""Kills at random moments lose no event of an account, and double the effect of no subscriber."""

import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.support.faults.disturbances import Fault, draining_worker, killed_server, killed_worker
from tests.support.faults.rounds import IS_LONG
from tests.support.faults.site import Site, signal_all
from tests.support.faults.traffic import Answer, Traffic, statuses
from tests.support.polling import eventually

ROUNDS = 5 if IS_LONG else 1
QUIET_WITHIN = 180.0  # seconds
# A worker that is killed between the mail server's 250 and our commit repeats the emails that it was sending.
AT_ONCE = 5
SEED = 16
# The security event of a log-in is written in the transaction of the event, without a subscriber.
LOG_INS = "SELECT count(*) FROM security_events WHERE name = 'auth.logged_in'"
COUNTED = "SELECT count(*) FROM counted_log_ins"
# Postgres would run the statement of a dead worker once it gets its lock.
END_WHAT_WAITS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@contextmanager
def killed_redis(site: Site) -> Iterator[None]:
    os.kill(site.redis.pid, signal.SIGKILL)
    try:
        yield
    finally:
        site.redis.stop()
        site.redis.start()


@contextmanager
def killed_postgres(site: Site) -> Iterator[None]:
    signal_all(site.postgres_pids(), signal.SIGKILL)
    try:
        yield
    finally:
        site.postgres.stop()
        site.postgres.start()


KILLS: list[Fault] = [killed_server, killed_worker, killed_redis, killed_postgres]


def count(site: Site, query: str) -> int:
    with psycopg.connect(site.postgres.url) as connection:
        [(number,)] = connection.execute(query)
    assert isinstance(number, int)
    return number


@contextmanager
def logging_in(traffic: Traffic, email: str, answers: list[Answer]) -> Iterator[None]:
    """Log in again and again in the background."""
    goes_on = True

    def go_on() -> None:
        while goes_on:
            answers.append(traffic.log_in(email))
            time.sleep(0.03)

    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(go_on)
        try:
            yield
        finally:
            goes_on = False
    stream.result()


def test_a_log_in_is_counted_once_although_the_worker_dies_before_the_task_has_ended(site: Site) -> None:
    log_ins, counted = count(site, LOG_INS), count(site, COUNTED)
    with site.traffic("twice") as traffic:
        email = traffic.sign_up().email
        with draining_worker(site):
            assert statuses([traffic.log_in(email) for _ in range(3)]) == {200}
            time.sleep(0.5)  # until the rows say that they were forwarded
            with site.locked("outbox"):
                site.worker.send_signal(signal.SIGCONT)
                eventually(lambda: count(site, COUNTED) - counted == 3, within=30)
                site.kill_worker()
                site.execute(END_WHAT_WAITS)
        site.worker = site.start_worker()
        eventually(site.oracle.is_at_rest, within=QUIET_WITHIN)

    assert count(site, LOG_INS) - log_ins == count(site, COUNTED) - counted == 3


@pytest.mark.timeout(600)
def test_kills_lose_no_event_and_double_no_effect(site: Site) -> None:
    draw = random.Random(SEED)  # noqa: S311 - the same moments in every run
    log_ins, counted = count(site, LOG_INS), count(site, COUNTED)
    answers: list[Answer] = []
    with site.traffic("events") as traffic:
        email = traffic.sign_up().email
        with traffic.flowing(at_once=1, every=0.1), logging_in(traffic, email, answers):
            for kill in KILLS * ROUNDS:
                time.sleep(draw.uniform(0.2, 1))
                with kill(site):
                    time.sleep(draw.uniform(0, 1))
        verdict = site.oracle.verdict(
            traffic.answers, within=QUIET_WITHIN, most_repeats=AT_ONCE * len(KILLS) * ROUNDS
        )

    committed = count(site, LOG_INS) - log_ins
    told = sum(answer.status == 200 for answer in answers)
    assert told > 0
    assert statuses(answers) <= {0, 200, 503}
    assert told <= committed <= told + sum(answer.status != 200 for answer in answers)
    assert count(site, COUNTED) - counted == committed
    assert verdict.last_at > 0
