"""From the log-in to the retry of a failing group, by keyboard alone."""

import re

from playwright.sync_api import Page, expect

from tests.browser.dashboard.conftest import ADMIN
from tests.support.browser.keyboard import press_enter_on, tab_to
from tests.support.browser.pages import Look, Visitor
from tests.support.browser.site import Site
from tests.support.polling import eventually
from tests.support.system import PASSWORD

WITHIN = 60  # seconds
GROUP = "FileExistsError in email:welcome"


def log_in(page: Page) -> None:
    tab_to(page.get_by_label("Email address"))
    page.keyboard.type(ADMIN)
    tab_to(page.get_by_label("Password", exact=True))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


def test_logs_in_reads_the_traceback_and_retries_the_group(
    visitor: Visitor,
    operated: Site,
    has_javascript: bool,  # noqa: FBT001 - a fixture
) -> None:
    person = f"{'with' if has_javascript else 'without'}@example.com"
    with operated.broken_mails():
        operated.system.sign_up(person)
        listing = ("cmd.admin", "failures", "ls")
        eventually(lambda: "FileExistsError" in operated.system.run(*listing).stdout, within=WITHIN)
    page = visitor(Look(has_javascript=has_javascript)).page
    page.goto("/dashboard")
    expect(page).to_have_url(re.compile("/log-in"))

    log_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    press_enter_on(page.get_by_role("link", name=f"See the cause of {GROUP}"))
    expect(page.get_by_role("heading", level=1)).to_have_text("email:welcome fails with FileExistsError")
    traceback = page.get_by_label("Traceback")
    tab_to(traceback)
    expect(traceback).to_contain_text("file_sender.py")
    press_enter_on(page.get_by_role("link", name=re.compile("^Retry ")).last)
    expect(page.get_by_role("heading", level=1)).to_have_text("Retry 1 email:welcome task?")
    press_enter_on(page.get_by_role("button", name="Retry the task"))

    expect(page.get_by_role("heading", level=1)).to_have_text("1 task is pending now")
    operated.mail("welcome", to=person)
