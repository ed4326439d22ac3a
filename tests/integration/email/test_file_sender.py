from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from internal.domain.email_address import EmailAddress
from internal.infrastructure.email.file_sender import FileEmailSender
from internal.infrastructure.email.mime import MimeComposer
from internal.ports.email_sender import Email
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.anyio

LIMIT = timedelta(seconds=1)
WELCOME = Email(
    kind="welcome",
    recipient=EmailAddress.parse("ada@example.com"),
    variables={"name": "Ada", "token": "t-1", "valid_for": "24 hours"},
    message_id="task-1",
)
# On a file system that takes upper and lower case for the same, too.
TASK_IDS = [
    "task-1",
    "Task-1",
    "entry:1",
    "entry_1",
    "entry%3A1",
    "a/b",
    "/etc/a",
    "..",
    ".",
    "../../a",
    "a\\b",
    "a\x00b",
    "a\nb",
    "\u00e9",
    "e\u0301",
    "stra\u00dfe",
    "strasse",
    "a ",
    "a.",
    "a",
    "a" * 10_000,
    "a" * 9_999 + "b",
]


def contents(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


async def test_every_task_id_gives_a_file_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    sender = FileEmailSender(
        directory=folder,
        composer=MimeComposer(
            mail_from="Users <no-reply@users.example>",
            app_name="Users",
            app_base_url="https://users.example",
            clock=FakeClock(),
        ),
    )

    for task_id in [*TASK_IDS, *TASK_IDS]:
        await sender.send(replace(WELCOME, message_id=task_id), within=LIMIT, accepted_within=LIMIT)

    written = [path for path in contents(tmp_path) if path != folder]
    assert {path.parent for path in written} == {folder}
    assert len({path.name.casefold() for path in written}) == len(TASK_IDS)
    assert all(path.name.isascii() and path.name.endswith(".eml") for path in written)
    messages = [message_from_bytes(path.read_bytes(), policy=policy.SMTP) for path in written]
    assert len({message["Message-ID"] for message in messages}) == len(TASK_IDS)
