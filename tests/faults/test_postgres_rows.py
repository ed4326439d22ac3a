"""F09 to F12, and F28: Postgres is away, restarted, frozen, busy, or migrated twice at once."""

import time
from concurrent.futures import ThreadPoolExecutor

from tests.support.faults.disturbances import frozen_postgres, stopped_postgres
from tests.support.faults.measurements import Row
from tests.support.faults.rounds import IS_LONG, repeated
from tests.support.faults.site import Site
from tests.support.faults.traffic import seconds, statuses
from tests.support.polling import eventually

SIGN_UPS = 30 if IS_LONG else 12
QUIET_WITHIN = 90  # seconds


@repeated
def test_f09_a_postgres_that_is_down_is_a_503_for_sign_ups_and_log_ins(site: Site, row: Row) -> None:
    with site.traffic("away") as traffic:
        known = traffic.sign_up()
        assert site.oracle.verdict([known], within=QUIET_WITHIN).repeats == 0
        with stopped_postgres(site):
            refused = [*traffic.sign_up_many(SIGN_UPS), traffic.log_in(known.email)]
            assert site.oracle.under_way() == 0
        back = time.monotonic()
        eventually(lambda: traffic.sign_up().status == 201, within=20)
        first = time.monotonic() - back
        assert traffic.log_in(known.email).status == 200

        site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    row.asked(refused)
    assert all(answer.is_honest_refusal for answer in refused)
    row.note("slowest answer", max(seconds(refused)), limit=2.5)
    row.note("first 2xx after its return", first, limit=2)


@repeated
def test_f10_a_restart_of_postgres_under_load_loses_no_user(site: Site, row: Row) -> None:
    with site.traffic("restarted") as traffic:
        with traffic.flowing(at_once=4, every=0.01):
            time.sleep(0.5)
            with stopped_postgres(site):
                pass
            time.sleep(0.5)
        answers = list(traffic.answers)
        eventually(lambda: traffic.sign_up().status == 201, within=20)
        again = [traffic.sign_up(answer.email, key=answer.key) for answer in answers]
        site.try_again()

        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    row.asked(answers)
    assert statuses(answers) <= {201, 503}
    assert statuses(again) == {201}
    told = [(old, new) for old, new in zip(answers, again, strict=True) if old.status == 201]
    assert all(old.data["data"]["user"] == new.data["data"]["user"] for old, new in told)
    row.note("503", sum(answer.status == 503 for answer in answers), unit="")
    row.note("repeats", verdict.repeats, unit="", limit=0)
    assert verdict.untold == []


@repeated
def test_f11_a_frozen_postgres_is_a_503_in_time(site: Site, row: Row) -> None:
    with site.traffic("frozen") as traffic:
        with frozen_postgres(site):
            began = time.monotonic()
            with ThreadPoolExecutor(1) as pool:
                refusing = pool.submit(traffic.sign_up_many, 4)
                eventually(lambda: site.system.get("/readyz").status_code == 503, within=20)
                row.note("ready is 503 after", time.monotonic() - began, limit=6)
                assert site.is_alive()
                refused = refusing.result()
        eventually(lambda: traffic.sign_up().status == 201, within=20)

        site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    row.asked(refused)
    assert all(answer.is_honest_refusal for answer in refused)
    row.note("slowest answer", max(seconds(refused)), limit=5.5)


def test_f12_who_gets_no_connection_is_told_so_in_time(site: Site, row: Row) -> None:
    with site.traffic("pool") as traffic:
        with site.locked("users") as users, ThreadPoolExecutor(1) as pool:
            asking = pool.submit(traffic.sign_up_many, 30, at_once=30)
            time.sleep(3.5)
            early = list(traffic.answers)
            users.rollback()
        answers = asking.result()
        assert traffic.sign_up().status == 201

        site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    row.asked(answers)
    assert len(early) == 20  # all but the ten with the connections
    assert all(answer.is_honest_refusal for answer in early)
    assert statuses(answers) == {201, 503}
    row.note("slowest precheck", max(seconds(early)), limit=2.5)


def test_f28_two_replicas_migrate_at_once(site: Site, row: Row, unmigrated_database_url: str) -> None:
    migrating = [
        site.system.start("cmd.admin", "db", "migrate", DATABASE_URL=unmigrated_database_url)
        for _ in range(2)
    ]

    codes = [process.wait(60) for process in migrating]

    row.note("errors", sum(code != 0 for code in codes), unit="", limit=0)
