"""F35: a worker loses its way to Postgres alone, or all of them do, while Redis is well."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import CliRunner

from internal.infrastructure.bootstrap.admin.run_admin import LocatedInstallation
from internal.infrastructure.cli.app import app
from tests.support.faults.measurements import Row
from tests.support.faults.rounds import IS_LONG
from tests.support.faults.site import STARTS_WITHIN, Site
from tests.support.faults.traffic import Traffic
from tests.support.polling import eventually
from tests.support.proxy import Proxy

LATE = 20  # seconds
QUIET_WITHIN = 90
NOTICED_WITHIN = 10


def refusing(proxy: Proxy) -> None:
    proxy.refuse()


def silent(proxy: Proxy) -> None:
    proxy.is_deaf = proxy.is_mute = True


WAYS = [refusing, silent] if IS_LONG else [refusing]


def says(site: Site, *command: str) -> str:
    """What the operators' command line says, without the time that a process takes."""
    runner = CliRunner(env=site.system.env)
    done = runner.invoke(app, command, obj=LocatedInstallation(), catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done.stdout


def reads(site: Site, *command: str) -> Any:
    return json.loads(says(site, *command, "--json"))


def waiting_for(site: Site) -> list[str | None]:
    """What the workers wait for, each."""
    return [worker["waits_for"] for worker in reads(site, "worker", "ls")["workers"]]


def failed_attempts(site: Site) -> int:
    failed: int = reads(site, "stats")["failed_today"]
    return failed


def latest(site: Site, traffic: Traffic) -> float:
    """How many seconds after its sign-up the last email came."""
    at = {answer.email: answer.at for answer in traffic.answers}
    return max(mail.at - at[mail.recipient] for mail in site.sink.arrivals if mail.recipient in at)


def has_mailed_all(site: Site, traffic: Traffic) -> bool:
    return {answer.email for answer in traffic.answers} <= {mail.recipient for mail in site.sink.arrivals}


@contextmanager
def two_workers(site: Site) -> Iterator[tuple[Proxy, Proxy]]:
    """Each with a way to Postgres of its own."""
    with Proxy(site.postgres.url).running() as first, Proxy(site.postgres.url).running() as second:
        site.restart_worker(DATABASE_URL=first.url)
        other = site.start_worker(DATABASE_URL=second.url)
        try:
            eventually(lambda: waiting_for(site) == [None, None], within=STARTS_WITHIN)
            yield first, second
        finally:
            first.heal()
            second.heal()
            other.send_signal(signal.SIGTERM)
            other.wait(STARTS_WITHIN)
            site.restart_worker()


@pytest.mark.parametrize("cut", WAYS)
@pytest.mark.parametrize("row", [0], indirect=True)
def test_f35_a_worker_that_is_cut_off_leaves_the_tasks_to_others(
    site: Site, row: Row, cut: Callable[[Proxy], None]
) -> None:
    before = failed_attempts(site)
    with two_workers(site) as (first, second), site.traffic("cut-off") as traffic:
        with traffic.flowing(at_once=2, every=0.05):
            time.sleep(0.5)
            cut(second)
            began = time.monotonic()
            eventually(lambda: set(waiting_for(site)) == {None, "Postgres"}, within=NOTICED_WITHIN)
            row.note("noticed after", time.monotonic() - began, limit=NOTICED_WITHIN)
            ping = says(site, "worker", "ping")
        eventually(lambda: has_mailed_all(site, traffic), within=2 * LATE)
        lateness = latest(site, traffic)

        cut(first)
        eventually(lambda: waiting_for(site) == ["Postgres", "Postgres"], within=NOTICED_WITHIN)
        traffic.sign_up_many(10)
        first.heal()
        second.heal()
        back = time.monotonic()
        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)
        eventually(lambda: waiting_for(site) == [None, None], within=NOTICED_WITHIN)

    assert "(waits for Postgres)" in ping
    row.asked(traffic.answers)
    row.note("latest email", lateness, limit=LATE)
    row.note("attempts counted", failed_attempts(site) - before, unit="", limit=0)
    row.note("without other workers, last email after its return", verdict.last_at - back, limit=LATE)
