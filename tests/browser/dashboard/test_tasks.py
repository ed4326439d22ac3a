"""What an operator does on the pages about tasks, with scripts and without."""

from playwright.sync_api import Page, expect

from tests.support.browser.backlog import FAILED, QUEUE, fill_up
from tests.support.browser.people import press
from tests.support.browser.site import Site

MANY = 2_500


def title(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def test_pauses_and_resumes_a_queue(page: Page) -> None:
    page.goto("/dashboard")

    press(page, f"Pause {QUEUE}")
    expect(page.get_by_role("status").first).to_contain_text("The queue is paused")
    page.get_by_role("link", name=QUEUE, exact=True).click()
    press(page, f"Resume {QUEUE}")

    expect(page.get_by_role("status")).to_have_text("The queue is resumed.")


def test_acts_on_everything_that_matches_and_sees_how_far_it_is(
    page: Page,
    operated: Site,
    has_javascript: bool,  # noqa: FBT001 - a fixture
) -> None:
    fill_up(operated.system.env["REDIS_URL"], MANY)
    page.goto(f"/dashboard/tasks?queue={QUEUE}&state=scheduled")
    page.get_by_label("Payload has").fill("{}")
    press(page, "Filter")
    page.get_by_role("link", name="Delete all…").click()
    assert title(page) == f"Delete at least 500 scheduled tasks of {QUEUE}?"

    press(page, "Delete all that match")
    while not has_javascript and "so far" in title(page):
        expect(page.get_by_role("progressbar")).to_be_visible()
        press(page, "Continue")

    expect(page.get_by_role("heading", level=1)).to_have_text(f"{MANY:,} tasks are deleted")


def test_selects_a_page_and_changes_their_minds(page: Page) -> None:
    page.goto(f"/dashboard/tasks?queue={QUEUE}&state=retry")
    page.get_by_label("This page").check()

    press(page, "Archive…")

    assert title(page) == f"Archive 3 tasks of {QUEUE}?"
    page.get_by_role("link", name="Leave them alone").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")


def test_reveals_a_payload_once(page: Page) -> None:
    page.goto(f"/dashboard/tasks?id={FAILED}")
    payload = page.locator("#payload")
    expect(payload).not_to_contain_text("grace@example.com")

    press(page, "Reveal")

    expect(payload).to_contain_text("grace@example.com")
    page.get_by_role("link", name="Mask").click()
    expect(payload).not_to_contain_text("grace@example.com")


def test_enqueues_a_task_from_its_form(page: Page, has_javascript: bool) -> None:  # noqa: FBT001 - a fixture
    page.goto("/dashboard/enqueue")
    page.get_by_role("link", name="accounts:erase-traces").click()
    page.get_by_label("deleted_user_id").fill("e93ad238-1f7d-4f21-897f-7ec0d8fb3744")
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Delay").fill("1h")
    if not has_javascript:
        press(page, "Preview")
    expect(page.locator("#command")).to_contain_text("--delay=1h")

    press(page, "Enqueue")

    expect(page.get_by_role("status").first).to_contain_text("The task is stored in the outbox")
    page.get_by_role("link", name="Open its page").click()
    expect(page.get_by_text("Scheduled").first).to_be_visible()
