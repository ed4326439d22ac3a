"""`make soak`: sign-ups, and a fault every minute."""

import os
import random
import time

import pytest

from tests.support.faults import disturbances
from tests.support.faults.disturbances import Fault
from tests.support.faults.measurements import p99
from tests.support.faults.site import Site
from tests.support.faults.traffic import Traffic, statuses

MINUTES = float(os.environ.get("SOAK_MINUTES") or 30)
SEED = int(os.environ.get("SOAK_SEED") or 1)
EVERY = 60.0  # seconds
LONGEST = EVERY / 3  # seconds that a fault lasts
QUIET_WITHIN = 300.0  # seconds: retries wait up to a minute or two

FAULTS: tuple[Fault, ...] = (
    disturbances.killed_worker,
    disturbances.stopped_redis,
    disturbances.frozen_redis,
    disturbances.full_redis,
    disturbances.stopped_postgres,
    disturbances.frozen_postgres,
    disturbances.refused_mail,
    disturbances.rejected_mail,
    disturbances.tarpit,
    disturbances.killed_server,
    disturbances.draining_worker,
)
# Between the mail server's 250 and our commit these can repeat as many emails as a worker sends at once.
WINDOWS = {disturbances.killed_worker, disturbances.refused_mail}
AT_ONCE = 5


def disturb(site: Site, traffic: Traffic, draw: random.Random) -> Fault:
    fault = draw.choice(FAULTS)
    began = time.monotonic()
    with fault(site):
        time.sleep(draw.uniform(LONGEST / 4, LONGEST))
    answers = traffic.since(began)
    named = ", ".join(str(status) for status in sorted(statuses(answers)))
    slowest = p99([answer.seconds for answer in answers] or [0.0])
    print(f"{fault.__name__}: {time.monotonic() - began:.0f} s, {named}, p99 {slowest * 1000:.0f} ms")  # noqa: T201 - the course of a soak
    time.sleep(max(0.0, began + EVERY - time.monotonic()))
    return fault


@pytest.mark.skipif("SOAK_MINUTES" not in os.environ, reason="takes its time: make soak")
@pytest.mark.timeout(MINUTES * 60 + QUIET_WITHIN + 300)
def test_every_user_has_one_mail_after_a_fault_every_minute(site: Site) -> None:
    draw = random.Random(SEED)  # noqa: S311 - the same faults in every run
    most_repeats = 0
    with site.traffic("soak") as traffic:
        end = time.monotonic() + MINUTES * 60
        with traffic.flowing(at_once=2, every=0.2):
            while time.monotonic() < end:
                most_repeats += AT_ONCE * (disturb(site, traffic, draw) in WINDOWS)
        stopped = time.monotonic()
        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN, most_repeats=most_repeats)

    told = sum(answer.status == 201 for answer in traffic.answers)
    print(  # noqa: T201 - the result of a soak
        f"{MINUTES:.1f} minutes, seed {SEED}: {len(traffic.answers)} sign-ups, {told} told, "
        f"{len(verdict.untold)} untold, 0 lost, {verdict.repeats} repeated, "
        f"at rest {max(0.0, verdict.last_at - stopped):.0f} s after the end"
    )
    assert told > 0
    assert statuses(traffic.answers) <= {0, 201, 503}
