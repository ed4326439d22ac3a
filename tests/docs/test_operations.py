"""docs/operations.md: each command works on the tasks that it is for."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.failure_mark import mark_of
from internal.ports.task_statistics import Figures
from internal.ports.tasks import TaskState
from tests.support.documented_commands import Admin
from tests.support.documented_examples import OPERATIONS, ROOT, blocks, table
from tests.support.taskqueue.counted import row_of
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import Engine, Hand, engine_on

BLOCKS = blocks(OPERATIONS)
TEXT = OPERATIONS.read_text()
HOUR = 3_600_000  # milliseconds
WAITING_ROW = """
INSERT INTO outbox (id, task_name, payload, options, next_try_at)
VALUES (%s, 'email:welcome', '{}', '{"queue": "default"}', now() + interval '1 h')
"""
REFUSED = "ConnectionError: refused"
LOGGED = re.compile(r'\blog\.(?:debug|info|warning|error|exception|critical)\(\s*"([a-z_]+\.[a-z_]+)"')


@pytest.fixture
def engine(redis_url: str) -> Iterator[Engine]:
    with engine_on(redis_url) as engine:
        yield engine


@pytest.fixture
def admin(database_url: str, redis_url: str, tmp_path: Path) -> Admin:
    return Admin({"APP_ENV": "test", "DATABASE_URL": database_url, "REDIS_URL": redis_url}, tmp_path)


def end(engine: Engine, task_id: str, kind: Kind, error: str = "", *, queue: str = "default") -> None:
    """Run the task on a worker, and settle it with this outcome."""
    engine.publish(task_id, queue=queue)
    hand = Hand(engine)
    [delivery] = hand.fetch()
    hand.settle(delivery, Outcome(kind, HOUR, note=error.encode()))


def count(engine: Engine) -> None:
    """Write statistics as a worker does."""
    row = row_of((0.005, 90), figures=Figures(succeeded=3, retried=1))
    engine.call(scripts.ADD_STATISTICS, ("worker", 1, [("low", "add", row)]))


def store(database_url: str, *ids: str) -> None:
    """Store rows as sign-ups do while Redis is away."""
    with psycopg.connect(database_url) as connection:
        for task_id in ids:
            connection.execute(WAITING_ROW, [task_id])


def test_every_example_is_run() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))

    assert [name for name in BLOCKS if f'"{name}"' not in tests] == []


def test_every_linked_section_exists() -> None:
    sections = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)}

    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) <= sections


def test_its_table_has_every_log_event() -> None:
    source = "".join(path.read_text() for path in (ROOT / "internal").rglob("*.py"))
    listed = set(re.findall(r"`([\w.]+)`", " ".join(row[0] for row in table(OPERATIONS, "events"))))

    assert set(LOGGED.findall(source)) - listed == set()
    assert {event for event in listed if f'"{event}"' not in source} == set()


def test_the_first_look(admin: Admin, engine: Engine) -> None:
    engine.publish("one")

    said = admin.run(BLOCKS["first"])

    assert "pending    1" in said
    assert "No worker is up" in said
    assert "noeviction" in said
    columns = [
        heading for heading in ("PENDING", "LATENCY", "RETRY", "ERRORS", "ARCHIVED") if heading in said
    ]
    assert len(columns) == 5


def test_mails_that_wait_are_seen_and_forwarded(admin: Admin, engine: Engine, database_url: str) -> None:
    store(database_url, "waits")

    said = admin.run(BLOCKS["mails"])
    redriven = admin.run(BLOCKS["redrive"])

    assert re.search(r"^waiting +1 ", said, re.MULTILINE)
    assert re.search(r"^waits +email:welcome ", said, re.MULTILINE)
    assert redriven.splitlines() == ["1 forwarded", "1 forwarded"]
    assert engine.states() == {"waits": "pending"}


def test_an_operator_creates_an_admin_and_manages_users(admin: Admin) -> None:
    created = admin.run(BLOCKS["admin_users"])
    admin.run("python -m cmd.admin user create-admin ada@example.com --generate-password")
    managed = admin.run(BLOCKS["admin_user"], USER="ada@example.com")

    assert re.search(r"^password: \S{20,}$", created, re.MULTILINE)
    assert re.search(r"root@example.com +Admin +admin +active", created)
    assert re.findall("^ada@.*: .*", managed, re.MULTILINE) == [
        "ada@example.com: disabled",
        "ada@example.com: active",
        "ada@example.com: viewer",
    ]


def test_an_archived_mail_starts_again(admin: Admin, engine: Engine, database_url: str) -> None:
    store(database_url, "bad")
    admin.run(BLOCKS["redrive"].splitlines()[0])
    admin.run('python -m cmd.admin task archive -q default "bad"')

    said = admin.run(BLOCKS["mail_archived"] + BLOCKS["mail_send_again"], ID="bad")

    assert re.search(r"^task +archived$", said, re.MULTILINE)
    assert engine.states() == {"bad": "pending"}


def test_mails_that_must_not_go_out_are_discarded(admin: Admin, engine: Engine, database_url: str) -> None:
    store(database_url, "one", "two")
    admin.run('python -m cmd.admin outbox redrive "one"')

    said = admin.run(BLOCKS["discard"], ID="one")

    assert said.splitlines() == ["one: given up", "1 given up"]
    assert engine.states() == {}


def test_tasks_that_end_their_worker_are_found(admin: Admin, engine: Engine) -> None:
    end(engine, "poisonous", Kind.ARCHIVED, "poison: its worker died 3 times")
    end(engine, "other", Kind.ARCHIVED, "ValueError")

    said = admin.run(BLOCKS["poison"])

    assert "poisonous" in said
    assert "other" not in said


def test_tasks_wait(admin: Admin, engine: Engine) -> None:
    engine.publish("runs", "waits")
    Hand(engine).fetch()

    said = admin.run(BLOCKS["wait"])

    assert re.search(r"^runs +noop +running", said, re.MULTILINE)
    assert re.search(r"^default +running +2 +1 +1 ", said, re.MULTILINE)


def test_a_flood_is_archived(admin: Admin, engine: Engine) -> None:
    engine.publish("mine")

    said = admin.run(BLOCKS["flood"].replace("report:build", "noop"))

    assert said.splitlines() == ["default: paused", "1 archived", "default: running"]
    assert admin.run(BLOCKS["flood"]).splitlines()[1] == "0 archived"


def test_tasks_fail_and_go_on_when_the_other_system_is_back(admin: Admin, engine: Engine) -> None:
    end(engine, "failed", Kind.RETRY, REFUSED)
    end(engine, "another", Kind.RETRY, "ValueError")

    fingerprint = mark_of("noop", "ConnectionError", "").fingerprint
    said = admin.run(BLOCKS["fail"], ID="failed", FINGERPRINT=fingerprint)
    back = admin.run(BLOCKS["back"])

    assert re.search(rf"^{fingerprint} +1 +noop +ConnectionError ", said, re.MULTILINE)
    assert re.search(f"^latest +{REFUSED}$", said, re.MULTILINE)
    assert re.search(f"^last error +{REFUSED}$", said, re.MULTILINE)
    assert back == "1 pending\n"
    assert engine.states() == {"failed": "pending", "another": "retry"}


def test_archived_tasks_run_again(admin: Admin, engine: Engine) -> None:
    end(engine, "given up", Kind.ARCHIVED, REFUSED)
    end(engine, "another", Kind.ARCHIVED, "ValueError")

    said = admin.run(BLOCKS["given_up"])

    assert REFUSED in said
    assert engine.states() == {"given up": "pending", "another": "archived"}


def test_a_task_that_hangs_is_told_to_stop(admin: Admin, engine: Engine) -> None:
    engine.publish("hangs")
    Hand(engine).fetch()

    said = admin.run(BLOCKS["hang"], ID="hangs")

    assert "hangs: cancelling" in said
    assert "cancelling" in admin.run(BLOCKS["hang"], ID="hangs")


def test_tasks_that_are_only_kept_can_be_deleted(admin: Admin, engine: Engine) -> None:
    end(engine, "completed", Kind.DONE)
    end(engine, "archived", Kind.ARCHIVED, queue="low")

    assert admin.run(BLOCKS["full"]).splitlines() == ["1 deleted", "1 deleted"]
    assert engine.states() == {}


def test_the_fields_to_monitor_are_there(admin: Admin, engine: Engine) -> None:
    engine.publish("one")
    count(engine)
    stats, _, outbox_stats = admin.run(BLOCKS["metrics"]).partition("\n}\n")
    answers = {"`stats`": json.loads(stats + "}"), "`outbox stats`": json.loads(outbox_stats)}

    for command, field, _ in table(OPERATIONS, "metrics_fields"):
        value = answers[command]
        for name in field.strip("`").split("."):
            value = value[name.removesuffix("[]")]
            value = value[0] if name.endswith("[]") else value


def test_the_statistics_of_tasks(admin: Admin, engine: Engine) -> None:
    count(engine)

    said = admin.run(BLOCKS["admin_stats"])

    assert re.findall(r"^add +low +3 +1 +25.0 % .* 1m30s *$", said, re.MULTILINE) != []
    assert (said.count("last 24h:"), said.count("last 1h:")) == (1, 2)


def test_groups_of_failures(admin: Admin, engine: Engine) -> None:
    Desk(engine).add("fails", TaskState.ARCHIVED, name="add", error="TypeError: no", frame="here")
    fingerprint = mark_of("add", "TypeError", "here").fingerprint

    said = admin.run(BLOCKS["admin_failures"], FINGERPRINT=fingerprint)

    assert re.search(rf"^{fingerprint} +1 +add +TypeError +here ", said, re.MULTILINE)
    assert "latest       TypeError: no" in said
    assert said.endswith("1 pending\n")
    assert engine.states() == {"fails": "pending"}


def test_a_worker_is_made_quiet_and_resumed(admin: Admin, engine: Engine) -> None:
    facts = ["host", "here", "pid", 1, "concurrency", 1, "strict", 0, "queues", '{"default":1}']
    engine.call(scripts.REGISTER, ("worker", HOUR, [*facts, "draining", 0, "quiet", 0], ["default"]))

    said = admin.run(BLOCKS["admin_workers"], WORKER="here:1")

    assert said.splitlines() == ["here:1: quiet", "here:1: resumed"]


def test_a_schedule_is_run_paused_and_resumed(admin: Admin, engine: Engine) -> None:
    entries = [("outbox-purge", "30 3 * * *", "UTC", "outbox:purge", "low")]
    engine.call(scripts.ANNOUNCE_SCHEDULE, (HOUR, 3600, 0, entries))

    run, *others = admin.run(BLOCKS["admin_schedule"]).splitlines()

    [task_id] = engine.states()
    assert run == f"outbox-purge: published as {task_id}"
    assert others == ["outbox-purge: paused", "outbox-purge: resumed"]


def test_the_audit_names_who_paused_a_queue(admin: Admin, engine: Engine) -> None:
    engine.publish("1")
    admin.run("python -m cmd.admin user create-admin root@example.com --generate-password")
    admin.run("python -m cmd.admin queue pause default")

    said = admin.run(BLOCKS["admin_audit"])

    assert len(re.findall(r"cli:\S+@\S+ +pause queue +queue default +done", said)) == 2
    assert '"actions": []' in said
