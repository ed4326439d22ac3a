import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from internal.infrastructure.email.mail_folder import MailFolder


def write(folder: Path, name: str, *, subject: str = "Welcome", age: int = 0) -> None:
    file = folder / name
    file.write_text(f"To: ada@example.com\nSubject: {subject}\n\nHello")
    os.utime(file, times=(1_900_000_000 - age, 1_900_000_000 - age))


def test_lists_the_newest_first(tmp_path: Path) -> None:
    for age, name in enumerate(["c.eml", "a.eml", "b.eml"]):
        write(tmp_path, name, subject=f"mail {name}", age=age)

    files, total = MailFolder(tmp_path).newest(limit=2, offset=1)

    assert [(file.name, file.mail.subject, file.mail.recipient) for file in files] == [
        ("a.eml", "mail a.eml", "ada@example.com"),
        ("b.eml", "mail b.eml", "ada@example.com"),
    ]
    assert (total, files[0].written_at) == (3, datetime.fromtimestamp(1_899_999_999, UTC))


def test_a_folder_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path / "mail")

    assert folder.newest(limit=10) == ([], 0)
    assert folder.read("a.eml") is None


def test_reads_a_mail(tmp_path: Path) -> None:
    write(tmp_path, "welcome-1.eml")

    file = MailFolder(tmp_path).read("welcome-1.eml")

    assert file
    assert (file.mail.subject, file.mail.text, file.mail.html) == ("Welcome", "Hello", None)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".eml", "..", "../secret.eml", "mail/../../secret.eml", "/etc/passwd", "a.txt", ".a.eml"),
        *(
            "a\0.eml",
            "a.eml\n",
            "ä.eml",
            "a b.eml",
            "..\\secret.eml",
            "%2e%2e%2fsecret.eml",
            "a" * 300 + ".eml",
        ),
    ],
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    write(tmp_path, "secret.eml")

    assert MailFolder(folder).read(name) is None


def test_shows_only_files(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    write(tmp_path, "secret.eml")
    (folder / "link.eml").symlink_to(tmp_path / "secret.eml")
    (folder / "gone.eml").symlink_to(tmp_path / "nothing")
    (folder / "folder.eml").mkdir()
    os.mkfifo(folder / "pipe.eml")
    write(folder, ".welcome.eml.part")

    mails = MailFolder(folder)

    assert mails.newest(limit=10) == ([], 0)
    assert [mails.read(f"{name}.eml") for name in ("link", "gone", "folder", "pipe")] == [None] * 4


def test_reads_the_beginning_of_a_huge_file(tmp_path: Path) -> None:
    (tmp_path / "huge.eml").write_bytes(b"Subject: huge\n\n" + b"a" * 5_000_000)

    file = MailFolder(tmp_path).read("huge.eml")

    assert file
    assert len(file.mail.text or "") < 2_000_000


def test_a_page_out_of_1000_mails_is_quick(tmp_path: Path) -> None:
    for number in range(1000):
        write(tmp_path, f"welcome-{number}.eml", age=number)
    started = time.monotonic()

    files, total = MailFolder(tmp_path).newest(limit=50, offset=900)

    assert (len(files), total) == (50, 1000)
    assert time.monotonic() - started < 1
