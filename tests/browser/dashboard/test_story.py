"""What an operator does at three in the morning, with scripts and without."""

import re

import psycopg
from playwright.sync_api import Locator, Page, expect

from tests.browser.dashboard.conftest import ADMIN
from tests.support.browser.backlog import QUEUE
from tests.support.browser.pages import Look, Visitor
from tests.support.browser.people import log_in, press, promote
from tests.support.browser.site import Site
from tests.support.polling import eventually

WITHIN = 30  # seconds
VIEWER, SECOND = "viewer@example.com", "second@example.com"
LOCK = "LOCK TABLE idempotent_requests IN ACCESS EXCLUSIVE MODE"


def appears(found: Locator) -> None:
    """Reload until it is there, as a person without scripts does."""

    def is_there() -> bool:
        found.page.reload()
        return found.first.is_visible()

    eventually(is_there, within=WITHIN)


def title(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def test_finds_out_why_mails_do_not_go_out(
    page: Page,
    operated: Site,
    has_javascript: bool,  # noqa: FBT001 - a fixture
) -> None:
    kind = "with" if has_javascript else "without"
    people = [f"{kind}-{number}@example.com" for number in range(3)]
    group = "FileExistsError in email:welcome"
    with operated.broken_mails():
        for email in people:
            operated.system.sign_up(email)
        page.goto("/dashboard")
        appears(page.get_by_role("link", name=f"Retry 3 tasks of {group}"))
        page.get_by_role("link", name=f"See the cause of {group}").click()
        expect(title(page)).to_have_text("email:welcome fails with FileExistsError")
        expect(page.get_by_label("Traceback")).to_contain_text("file_sender.py")

    watched = page.context.new_page()
    watched.goto("/dashboard/failures")
    expect(watched.get_by_role("link", name=f"Retry 3 tasks of {group}")).to_be_visible()
    if has_javascript:
        watched.evaluate("window.isSame = true")
    page.get_by_role("link", name="Retry all 3…").first.click()
    press(page, "Retry all 3")

    expect(title(page)).to_have_text("3 tasks are pending now")
    if not has_javascript:
        watched.reload()
    expect(watched.get_by_text("FileExistsError")).to_have_count(0)
    if has_javascript:
        assert watched.evaluate("window.isSame"), "the page was loaded again"
        operated.mail("welcome", to=people[0])


def test_cancels_a_running_task(page: Page, operated: Site) -> None:
    """The task waits for a lock in Postgres."""
    with psycopg.connect(operated.system.env["DATABASE_URL"]) as connection:
        connection.execute(LOCK)
        page.goto("/dashboard/enqueue?task=requests%3Apurge")
        press(page, "Enqueue")
        page.goto("/dashboard/workers")
        cancel = page.get_by_role("button", name=re.compile("^Cancel"))
        appears(cancel)
        task = page.get_by_role("link", name=re.compile("requests:purge")).get_attribute("href")
        cancel.click()
        expect(title(page)).to_have_text("1 task is being cancelled")

        page.goto(f"{task}")
        archived = page.locator("header .state", has_text="Archived")
        appears(archived)

    expect(page.get_by_text("cancelled").first).to_be_visible()


def test_enqueues_a_task_from_its_form(page: Page) -> None:
    page.goto("/dashboard/enqueue")
    page.get_by_role("link", name="email:email-changed").first.click()
    page.locator("[name='payload.user_id']").fill("e93ad238-1f7d-4f21-897f-7ec0d8fb3744")
    page.locator("[name='payload.name']").fill("Grace")
    page.locator("[name='payload.changed_at']").fill("2030-03-04T23:07")
    press(page, "Enqueue")
    expect(page.get_by_role("alert")).to_contain_text("email")

    page.locator("[name='payload.email']").fill("ada@example.com")
    page.locator("summary", has_text="Options").click()
    page.locator("[name='option.delay']").fill("2h")
    press(page, "Enqueue")

    expect(page.get_by_role("status")).to_contain_text("The task is stored in the outbox")
    page.get_by_role("link", name="Open its page").click()
    appears(page.locator("header .state", has_text="Scheduled"))
    expect(page.locator("#payload")).to_contain_text("•••")


def test_a_viewer_looks_and_cannot_act(visitor: Visitor, operated: Site, has_javascript: bool) -> None:  # noqa: FBT001 - a fixture
    operated.system.sign_up(VIEWER)
    operated.system.run("cmd.admin", "user", "promote", VIEWER, "--role", "viewer", "--yes")
    visit = visitor(Look(has_javascript=has_javascript))
    page = visit.page
    log_in(page, VIEWER)
    expect(page).to_have_url(f"{operated.url}/account")

    page.goto("/dashboard")
    links = page.get_by_role("navigation", name="Dashboard").get_by_role("link")
    paths = [link.get_attribute("href") for link in links.all()]
    for path in [path for path in paths if path and path.startswith("/dashboard")]:
        page.goto(path)
        expect(page.locator(".who")).to_contain_text("May only look")
        expect(page.locator("main form[method=post] button")).to_have_count(0)

    forged = page.request.post(f"/dashboard/queues/{QUEUE}/pause", form={}, headers={"Origin": operated.url})
    assert forged.status == 403


def test_two_operators_see_what_each_of_them_did(visitor: Visitor, operated: Site) -> None:
    operated.system.sign_up(SECOND)
    promote(operated, SECOND)
    page, other = visitor(Look()).page, visitor(Look()).page
    for each, email in ((page, ADMIN), (other, SECOND)):
        log_in(each, email)
        expect(each).to_have_url(f"{operated.url}/account")
        each.goto(f"/dashboard/tasks?queue={QUEUE}&state=retry")
        each.get_by_label("This page").check()
        press(each, "Archive…")
        expect(title(each)).to_have_text(re.compile(rf"Archive \d+ tasks of {QUEUE}\?"))

    number = title(page).inner_text().split()[1]
    for each in (page, other):
        press(each, f"Archive {number} tasks")

    expect(title(page)).to_have_text(f"{number} tasks are archived")
    expect(title(other)).to_have_text(f"No task is archived, {number} were refused")
    expect(other.get_by_text("it is archived").first).to_be_visible()
