"""The emails of development as pages. Only development has them."""

import html
from email.message import EmailMessage
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.config.settings import Environment, Settings
from tests.support.pages import PageClient

pytestmark = pytest.mark.anyio

LINK = '<a target="_blank" href="/log-in">Log in</a>'
HTML = f"<html><head><title>Hi</title></head>{LINK}<script>alert(1)</script>"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"app_env": Environment.DEVELOPMENT})


@pytest.fixture
def pages(client: httpx.AsyncClient) -> PageClient:
    return PageClient(client)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mail"
    folder.mkdir()
    return folder


def write(folder: Path, name: str, *, subject: str = "Welcome", as_html: str | None = HTML) -> None:
    message = EmailMessage()
    message["To"], message["Subject"], message["X-Kind"] = "ada@example.com", subject, "<i>kind</i>"
    message.set_content("Hello <b>Ada</b>: http://testserver/verify-email?token=abc&x=1")
    if as_html is not None:
        message.add_alternative(as_html, subtype="html")
    (folder / name).write_bytes(message.as_bytes())


async def test_lists_what_was_sent(pages: PageClient, folder: Path) -> None:
    write(folder, "welcome-1.eml", subject="<script>alert(1)</script>")

    answer = await pages.open("/dev/mails")

    assert answer.status_code == HTTPStatus.OK
    assert '<a href="/dev/mails/welcome-1.eml">&lt;script&gt;alert(1)&lt;/script&gt;</a>' in answer.text
    assert "ada@example.com" in answer.text


async def test_an_empty_folder_leads_to_the_start_page(pages: PageClient) -> None:
    answer = await pages.open("/dev/mails")

    assert answer.status_code == HTTPStatus.OK
    assert "There are no emails yet." in answer.text


async def test_shows_1000_mails_in_pages(pages: PageClient, folder: Path) -> None:
    for number in range(1000):
        (folder / f"welcome-{number}.eml").write_text(f"Subject: mail {number}\n\n")

    for query, shown, text in (
        ("", 50, "Page 1 of 20"),
        ("?page=20", 50, "Page 20 of 20"),
        ("?page=21", 0, "There are no emails on this page."),
        ("?page=0", 50, "Page 1 of 20"),
        ("?page=-1", 50, "Page 1 of 20"),
        ("?page=%C2%B2", 50, "Page 1 of 20"),
        ("?page=" + "9" * 5000, 50, "Page 1 of 20"),
    ):
        answer = await pages.open(f"/dev/mails{query}")
        assert (answer.text.count('<a href="/dev/mails/welcome-'), text in answer.text) == (shown, True), (
            query
        )


async def test_shows_a_mail(pages: PageClient, folder: Path) -> None:
    write(folder, "welcome-1.eml")

    answer = await pages.open("/dev/mails/welcome-1.eml")

    assert '<iframe class="mail" title="The email" src="/dev/mails/welcome-1.eml/html"' in answer.text
    assert 'sandbox="allow-top-navigation-by-user-activation"' in answer.text
    assert "Hello &lt;b&gt;Ada&lt;/b&gt;" in answer.text
    assert '<a href="http://testserver/verify-email?token=abc&amp;x=1"' in answer.text
    assert "&lt;i&gt;kind&lt;/i&gt;" in answer.text
    assert "<script>alert" not in answer.text


async def test_its_html_runs_no_script_and_leads_the_whole_window(pages: PageClient, folder: Path) -> None:
    write(folder, "welcome-1.eml")

    answer = await pages.open("/dev/mails/welcome-1.eml/html")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"sandbox allow-top-navigation-by-user-activation", "default-src 'none'"} <= set(policy)
    assert not any("script" in directive for directive in policy)
    assert '<head><base target="_top"><title>' in answer.text
    assert '<a href="/log-in">' in answer.text


async def test_our_own_pages_allow_no_inline_style(pages: PageClient, folder: Path) -> None:
    write(folder, "welcome-1.eml")

    answer = await pages.open("/dev/mails/welcome-1.eml")

    assert "unsafe-inline" not in answer.headers["content-security-policy"]


async def test_a_mail_without_html_shows_its_text(pages: PageClient, folder: Path) -> None:
    write(folder, "welcome-1.eml", as_html=None)

    answer = await pages.open("/dev/mails/welcome-1.eml")

    assert "<iframe" not in answer.text
    assert "<details open>" in answer.text
    assert (await pages.open("/dev/mails/welcome-1.eml/html")).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\0", b"Subject: \xff\nTo: <<<\n\n\xff", b"Content-Type: x\n\n"]
)
async def test_a_broken_mail_has_a_page(pages: PageClient, folder: Path, content: bytes) -> None:
    (folder / "broken.eml").write_bytes(content)

    listed = await pages.open("/dev/mails")
    shown = await pages.open("/dev/mails/broken.eml")

    assert 'href="/dev/mails/broken.eml"' in listed.text
    assert (listed.status_code, shown.status_code) == (200, 200)


async def test_no_path_leads_out_of_the_folder(pages: PageClient, folder: Path) -> None:
    (folder.parent / "secret.eml").write_text("Subject: secret\n\n")

    for name in (
        *("nothing.eml", "..%2Fsecret.eml", "..%5Csecret.eml", "%2E%2E%2Fsecret.eml", "%2Fetc%2Fpasswd"),
        *("a%00.eml", "%FF.eml", "..;%2Fsecret.eml", "a" * 9000 + ".eml", ".welcome.eml.part"),
    ):
        for path in (f"/dev/mails/{name}", f"/dev/mails/{name}/html"):
            answer = await pages.open(path)
            assert answer.status_code == HTTPStatus.NOT_FOUND, path
            assert "secret" not in html.unescape(answer.text)


@pytest.mark.parametrize(
    "changes", [{"app_env": Environment.PRODUCTION}, {"mail_url": "smtp://127.0.0.1:25"}]
)
async def test_nobody_else_has_these_pages(settings: Settings, folder: Path, changes: dict[str, Any]) -> None:
    write(folder, "welcome-1.eml")
    given = settings.model_copy(update=changes)
    transport = httpx.ASGITransport(app_of(Container(settings=given)))  # type: ignore[arg-type]  # as in conftest.py

    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        paths = ("/dev/mails", "/dev/mails/welcome-1.eml", "/dev/mails/welcome-1.eml/html")
        statuses = {(await client.get(path)).status_code for path in paths}
        start = (await client.get("/")).text

    assert statuses == {404}
    assert "/dev/" not in start
