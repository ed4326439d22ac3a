"""docs/background-jobs.md, "Recipes", followed to the letter in a copy of the program."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from internal.infrastructure.embedded.process import free_port
from tests.support.documented_examples import BACKGROUND_JOBS, blocks
from tests.support.polling import eventually
from tests.support.program_copy import Copy
from tests.support.queue_contents import queued
from tests.support.system import STARTS_WITHIN

BLOCKS = blocks(BACKGROUND_JOBS)
ARCHITECTURE = ("tests/architecture/test_tasks.py", "tests/architecture/test_layers.py")
SEND_REMINDER = (
    BLOCKS["publish_script"]
    .replace("build_report import BuildReport", "send_reminder import SendReminder")
    .replace("BuildReport(year=2025)", 'SendReminder(email="ada@example.com", event="Tea <with> Bob")')
)
RUN_HANDLER = """
import asyncio
from internal.infrastructure.telemetry.log import configure_logging
configure_logging(level="INFO", log_format="json")
context = TaskContext(id="task-1", queue="low", retries=0, max_retries=5, deadline=None, headers={})
asyncio.run(BuildReportHandler()(BuildReport(year=2025), context))
"""
SIGN_UP = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse"}


@contextmanager
def running(copy: Copy, command: str, *, until: str, **env: str) -> Iterator[None]:
    process = copy.start(command, **env)
    try:
        eventually(lambda: until in copy.log, within=STARTS_WITHIN)
        yield
    finally:
        process.terminate()
        assert process.wait(27) == 0


@pytest.mark.long
def test_the_mail_is_sent(copy: Copy, tmp_path: Path) -> None:
    copy.add_mail()
    copy.test(*ARCHITECTURE[:1])
    mails = tmp_path / "mail"

    with running(copy, "python -m cmd.worker", until="worker.started"):
        copy.run(SEND_REMINDER)
        eventually(lambda: any(mails.glob("reminder-*.eml")), within=20)

    [mail] = [path.read_text() for path in mails.glob("*.eml")]
    assert "Subject: Reminder: Tea <with> Bob" in mail
    assert "Tea &lt;with&gt; Bob starts soon." in mail


@pytest.mark.long
def test_the_endpoint_accepts_and_publishes(copy: Copy, redis_url: str) -> None:
    copy.add_endpoint()
    copy.test(*ARCHITECTURE)
    port = free_port()
    url = f"http://127.0.0.1:{port}/api/v1"
    ports = {"HTTP_PORT": str(port), "PRIVATE_PORT": str(free_port())}

    with running(copy, "python -m cmd.server", until="Started worker-1", **ports):
        eventually(lambda: is_up(url), within=20)
        token = httpx.post(f"{url}/auth/register", json=SIGN_UP).json()["data"]["token"]
        answer = call(BLOCKS["endpoint_call"].replace(":8080", f":{port}"), token=token)
        accepted = httpx.post(
            f"{url}/reports", json={"year": 2024}, headers={"Authorization": f"Bearer {token}"}
        )
        refused = httpx.post(f"{url}/reports", json={"year": 2025})

    assert (accepted.status_code, refused.status_code) == (202, 401)
    ids = {answer["data"]["task_id"], accepted.json()["data"]["task_id"]}
    reports = {task.id: task.message.kwargs["year"] for task in queued(redis_url) if task.queue == "low"}
    assert reports.keys() == ids
    assert reports[answer["data"]["task_id"]] == 2025


def test_the_handler_logs(copy: Copy) -> None:
    event = json.loads(copy.run(BLOCKS["log_handler"] + RUN_HANDLER))

    assert (event["event"], event["level"]) == ("report.built task_id=task-1 year=2025", "info")


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False


def call(command: str, *, token: str) -> dict[str, dict[str, str]]:
    env = {"PATH": os.environ["PATH"], "TOKEN": token}
    answer = subprocess.run(
        ["bash", "-c", command], env=env, capture_output=True, text=True, check=True, timeout=20
    )
    body: dict[str, dict[str, str]] = json.loads(answer.stdout)
    return body
