"""What an operator does at night: from the overview to the cause, and from the cause to the cure."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser.burning import MAILS, burn
from tests.support.browser.people import press
from tests.support.browser.site import Site

CAUSE = f"See the cause of MailServerUnreachable in {MAILS.name}"
TITLE = f"{MAILS.name} fails with MailServerUnreachable"
# Each process of the server keeps the groups for two seconds.
KEPT_FOR = 2.1


@pytest.fixture
def burning(page: Page, operated: Site) -> Page:
    burn(operated.system.env["REDIS_URL"])
    time.sleep(KEPT_FOR)
    return page


def test_finds_the_cause_and_retries_all_tasks_that_have_it(burning: Page) -> None:
    page = burning
    page.goto("/dashboard")

    page.get_by_role("link", name=CAUSE).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.locator("#traceback .own").first).to_contain_text("internal/application/tasks")
    page.get_by_role("link", name=f"Retry all {MAILS.count}…").first.click()
    press(page, f"Retry all {MAILS.count}")

    expect(page.get_by_role("heading", level=1)).to_have_text(f"{MAILS.count} tasks are pending now")
    page.get_by_role("link", name="Back to the failures").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Failures")
    expect(page.locator(f"a[href$='{MAILS.mark.fingerprint}']")).to_have_count(0)


@pytest.mark.parametrize("has_javascript", [True], indirect=True)
def test_the_number_falls_without_reloading(burning: Page) -> None:
    page, other = burning, burning.context.new_page()
    page.goto("/dashboard/failures")
    number = page.get_by_text(f"{MAILS.count} tasks", exact=True)
    expect(number).to_be_visible()

    other.goto(f"/dashboard/failures/{MAILS.mark.fingerprint}/act?action=delete")
    press(other, f"Delete all {MAILS.count}")

    page.bring_to_front()
    expect(number).to_have_count(0)
