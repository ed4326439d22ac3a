"""How a page keeps up with the system."""

from playwright.sync_api import expect

from tests.browser.dashboard.conftest import ADMIN
from tests.support.browser.backlog import QUEUE
from tests.support.browser.pages import Look, Visitor
from tests.support.browser.people import log_in
from tests.support.browser.site import Site


def test_a_live_page_is_sent_again_when_it_has_changed(visitor: Visitor, operated: Site) -> None:
    page = visitor(Look()).page
    log_in(page, ADMIN)
    page.wait_for_url("/account")
    page.evaluate("localStorage.setItem('refresh', 2)")

    with page.expect_response(lambda response: response.status == 304):
        # No age is on this page, so it stays the same.
        page.goto(f"/dashboard/queues/{QUEUE}")
    operated.system.run("cmd.admin", "queue", "pause", QUEUE)

    expect(page.get_by_text("This queue is paused")).to_be_visible()
    operated.system.run("cmd.admin", "queue", "resume", QUEUE)
    expect(page.get_by_text("This queue is paused")).to_be_hidden()


def test_the_numbers_of_the_navigation_are_renewed_with_the_page(visitor: Visitor, operated: Site) -> None:
    page = visitor(Look()).page
    log_in(page, ADMIN)
    page.wait_for_url("/account")
    page.evaluate("localStorage.setItem('refresh', 2)")
    page.goto("/dashboard/tasks")
    failures = page.get_by_role("navigation", name="Dashboard").get_by_role("link", name="Failures")
    expect(failures).to_have_text("Failures 3")
    failures.focus()

    deleted = operated.system.run("cmd.admin", "task", "delete-all", "-q", QUEUE, "-s", "retry", "--yes")

    assert deleted.returncode == 0, deleted.stderr
    expect(failures).to_have_text("Failures")
    expect(failures).to_be_focused()
    expect(page.get_by_role("button", name="Keys")).to_have_count(1)


def test_the_links_of_the_navigation_are_below_one_another(visitor: Visitor, operated: Site) -> None:  # noqa: ARG001 - it has the admin
    page = visitor(Look()).page
    log_in(page, ADMIN)
    page.wait_for_url("/account")
    page.goto("/dashboard")

    links = page.get_by_role("navigation", name="Dashboard").locator("[data-page]").all()

    boxes = [link.bounding_box() for link in links]
    assert len({box["x"] for box in boxes if box}) == 1
    assert len({box["y"] for box in boxes if box}) == len(links) > 1
