"""docs/background-jobs.md on tasks and actors, docs/operations.md on commands, followed to the letter.

In a copy of the program, with the real worker.
"""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.documented_commands import Admin
from tests.support.documented_examples import BACKGROUND_JOBS, OPERATIONS, blocks
from tests.support.polling import eventually
from tests.support.program_copy import Copy
from tests.support.queue_contents import queued
from tests.support.system import STARTS_WITHIN

BLOCKS = blocks(BACKGROUND_JOBS)
COMMANDS = blocks(OPERATIONS)


@pytest.fixture
def admin(env: dict[str, str], tmp_path: Path) -> Admin:
    return Admin(env, tmp_path)


@pytest.fixture
def worker(copy: Copy) -> Iterator[None]:
    process = copy.start(BLOCKS["worker_with_actors"])
    try:
        eventually(lambda: copy.log.count("worker.started") == 4, within=STARTS_WITHIN)
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(27) == 0
    finally:
        process.kill()
        process.wait()


def send(options: str) -> str:
    """Return the script of the page with another message."""
    before, _, _ = BLOCKS["send_script"].partition("add.send(")
    return f"{before}{options}"


@pytest.mark.long
def test_four_processes_work(copy: Copy) -> None:
    process = copy.start(BLOCKS["four_processes"])
    try:
        eventually(lambda: copy.log.count("worker.started") == 4, within=STARTS_WITHIN)
    finally:
        process.terminate()
        assert process.wait(27) == 0


@pytest.mark.long
def test_the_new_task_passes_the_tests_that_look_at_every_task(copy: Copy) -> None:
    copy.test("tests/architecture/test_tasks.py")


@pytest.mark.usefixtures("worker")
def test_the_new_task_runs_and_its_result_is_found(copy: Copy, admin: Admin, redis_url: str) -> None:
    task_id = copy.run(BLOCKS["publish_script"])

    eventually(lambda: [task.state for task in queued(redis_url)] == ["completed"], within=10)
    said = admin.run(COMMANDS["admin_task"], ID=task_id)
    assert re.search(r"^name +report:build$", said, re.MULTILINE)
    assert '{"title": "Report 2025", "built_at":' in said


@pytest.mark.usefixtures("worker")
@pytest.mark.long
def test_actors_run_and_their_outcomes_are_listed(copy: Copy, admin: Admin, redis_url: str) -> None:
    copy.run(BLOCKS["send_script"])
    eventually(lambda: "sum 3" in copy.log and "shout HELLO" in copy.log, within=10)

    copy.run(send("shout.send(1)"))
    copy.run(send('add.send_with_options(args=(1, "x"), max_retries=0)'))
    eventually(lambda: [task.state for task in queued(redis_url)] == ["retry", "archived"], within=10)
    retried, archived = queued(redis_url)

    looked = admin.run(COMMANDS["admin_look"])
    assert len(re.findall("critical:6,default:3,low:1", looked)) == 4
    assert re.search(r"^default +\S+ +1 +1 +50.0 %$", looked, re.MULTILINE)
    first, _, others = admin.run(COMMANDS["admin_list"]).partition(archived.id)
    assert retried.id in first
    listed, _ = json.JSONDecoder().raw_decode(others[others.index("{") :])
    assert listed["tasks"][0]["id"] == archived.id
    assert "TypeError" in admin.run(BLOCKS["admin_archived"], ID=archived.id)

    again = admin.run(BLOCKS["admin_run_again"].splitlines()[0], ID=archived.id)
    assert again == f"{archived.id}: pending\n"
    eventually(lambda: attempts(admin, archived.id) == 2, within=10)
    eventually(lambda: [task.state for task in queued(redis_url)] == ["retry", "archived"], within=10)
    assert admin.run(BLOCKS["admin_run_again"].splitlines()[1]) == "1 pending\n"
    eventually(lambda: attempts(admin, archived.id) == 3, within=10)

    acted = admin.run(COMMANDS["admin_act"], ID=archived.id)
    assert acted == f"{archived.id}: pending\n1 archived\n1 pending\n"
    eventually(lambda: attempts(admin, archived.id) == 4, within=10)
    eventually(lambda: [task.state for task in queued(redis_url)] == ["retry", "archived"], within=10)

    assert admin.run(COMMANDS["admin_pause"]) == "low: paused\nlow: running\nlow: removed\n"


@pytest.mark.long
def test_the_periodic_task_passes_the_tests_that_look_at_the_schedule(copy: Copy) -> None:
    copy.schedule(spec="30 6 * * mon-fri")

    copy.test("tests/architecture/test_schedule.py")


@pytest.mark.long
def test_the_periodic_task_runs_and_its_runs_are_found(copy: Copy, admin: Admin, redis_url: str) -> None:
    copy.schedule(spec="@every 1s")
    process = copy.start("python -m cmd.worker --processes 2")
    try:
        eventually(lambda: len(queued(redis_url)) >= 3, within=STARTS_WITHIN)
    finally:
        process.terminate()
        assert process.wait(27) == 0

    # The service's own entries may be due as well.
    tasks = [task.id for task in queued(redis_url) if "-purge:" not in task.id]
    listed, _, history = admin.run(COMMANDS["admin_schedules"]).partition("SLOT")
    assert re.search(r"^report-draft +@every 1s +Europe/Berlin +report:build ", listed, re.MULTILINE)
    assert {line.split()[-1] for line in history.splitlines()[1:3]} <= set(tasks)
    assert all(task_id.startswith("report-draft:20") for task_id in tasks)


@pytest.mark.long
def test_a_wrong_schedule_ends_the_worker_with_one_line(copy: Copy) -> None:
    copy.schedule(spec="61 6 * * *")
    process = copy.start("python -m cmd.worker")

    assert process.wait(30) == 1
    assert "Traceback" not in copy.log
    [said] = [line for line in copy.log.splitlines() if not line.startswith("{")]
    assert said == "cmd.worker: schedule: 'report-draft': '61 6 * * *' is not a cron expression: bad minute"


def attempts(admin: Admin, task_id: str) -> int:
    """The number of lines with the time and the error of a failed attempt."""
    said = admin.run(COMMANDS["admin_task"], ID=task_id)
    return len(re.findall(r" ago\) on \S+, started \S+, ran for \S+: TypeError", said))
